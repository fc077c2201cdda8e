import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, before, suite, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { setTimeout as delay } from "node:timers/promises";
import { requireText } from "../../src/client/json.ts";
import { RawClient, rawRequest } from "../support/raw-client.ts";
import { TestEngine } from "../support/test-engine.ts";
import { testImage } from "../support/test-image.ts";

let engine: TestEngine;

before(async () => {
  engine = await TestEngine.open();
});
after(() => engine?.[Symbol.asyncDispose]());

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const openDescriptors = () => readdirSync("/proc/self/fd").length;

/** Sends `text` and reads to the end, or until the other side says nothing more. */
async function answerTo(text: string): Promise<string> {
  using client = new RawClient(engine.socketPath);
  client.write(text);
  return await client.untilEnd();
}

/** Waits as long as it takes what was let go to go. */
async function settles(isSo: () => boolean): Promise<boolean> {
  for (let waited = 0; waited < 200; waited += 1) {
    if (isSo()) return true;
    await delay(50);
  }
  return isSo();
}

suite("bad requests", () => {
  const close = "Connection: close\r\n";

  test("what is no HTTP is answered so, and the daemon goes on", async () => {
    for (const text of ["\0\0\0\0", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\x16\x03\x01\x02\0"])
      assert.match(await answerTo(text), /^HTTP\/1.1 400 /);
    assert.equal((await engine.api("GET", "/version")).status, 200);
  });

  test("a body that is no JSON, of no type, or too long is refused in Docker's words", async () => {
    const create = (headers: string, body: string) =>
      answerTo(
        `POST /containers/create HTTP/1.1\r\nHost: x\r\n${close}${headers}Content-Length: ${body.length}\r\n\r\n${body}`,
      );
    const json = "Content-Type: application/json\r\n";
    for (const [headers, body, words] of [
      [
        json,
        "{x",
        "invalid JSON: invalid character 'x' looking for beginning of object key string",
      ],
      [json, "{", "invalid JSON: unexpected EOF"],
      [json, "{} {}", "unexpected content after JSON"],
      ["Content-Type: text/plain\r\n", "{}", "unsupported Content-Type header (text/plain)"],
      ["", "{}", "malformed Content-Type header (): mime: no media type"],
    ] as const) {
      const answer = await create(headers, body);
      assert.match(answer, /^HTTP\/1.1 400 /);
      assert(answer.includes(words), answer);
    }
    const long = await answerTo(
      `POST /containers/create HTTP/1.1\r\nHost: x\r\n${json}Content-Length: 99999999999\r\n\r\n{`,
    );
    assert.match(long, /^HTTP\/1.1 4\d\d /);
    const exec = await answerTo(
      `POST /exec/0123/start HTTP/1.1\r\nHost: x\r\n${json}Content-Length: 99999999999\r\n\r\n{`,
    );
    assert.match(exec, /^HTTP\/1.1 400 [^]*too large/);
    const chunks = await answerTo(
      `POST /exec/0123/start HTTP/1.1\r\nHost: x\r\n${json}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
    );
    assert.match(chunks, /^HTTP\/1.1 400 /);
  });

  test("heads without end, and very long ones, are let go", async () => {
    const long = `GET /_ping HTTP/1.1\r\nX: ${"x".repeat(100_000)}`;
    assert.match(await answerTo(long), /^HTTP\/1.1 431 /);
  });

  test("of ten clients who want one name one gets it", async () => {
    const body = JSON.stringify({ Image: testImage, Cmd: ["true"] });
    const request = rawRequest({ path: "/containers/create?name=raced", headers: close, body });
    const answers = await Promise.all(Array.from({ length: 10 }, () => answerTo(request)));
    const statuses = answers.map((answer) => answer.slice(9, 12)).toSorted();
    assert.deepEqual(statuses, ["201", ...Array.from({ length: 9 }, () => "409")]);
    await engine.succeeds("DELETE", "/containers/raced");
  });
});

suite("clients that vanish", () => {
  const leave = async (request: string, seen = "\r\n\r\n") => {
    using client = new RawClient(engine.socketPath);
    client.write(request);
    await client.until(seen);
  };

  test("in attach, exec, logs and events leave nothing open", async () => {
    const id = await engine.run(["cat"], { OpenStdin: true });
    await leave(rawRequest({ method: "GET", path: "/_ping" }));
    const before = openDescriptors();
    for (let count = 0; count < 25; count += 1) {
      const query = "stream=1&stdin=1&stdout=1&logs=1";
      await leave(rawRequest({ path: `/containers/${id}/attach?${query}` }));
      const made = await engine.succeeds("POST", `/containers/${id}/exec`, {
        ...{ Cmd: ["cat"], AttachStdin: true, AttachStdout: true },
      });
      await leave(rawRequest({ path: `/exec/${requireText(made, "Id")}/start`, body: "{}" }));
      const follow = `/containers/${id}/logs?follow=1&stdout=1`;
      await leave(rawRequest({ method: "GET", path: follow }));
      await leave(rawRequest({ method: "GET", path: "/events" }));
      await leave(rawRequest({ path: `/containers/${id}/wait?condition=next-exit` }));
    }
    assert(await settles(() => openDescriptors() <= before), `${openDescriptors()} of ${before}`);
    await engine.succeeds("DELETE", `/containers/${id}?force=1`);
  });

  test("and half-open ones are waited for no longer than they are there", async () => {
    const before = openDescriptors();
    for (let count = 0; count < 20; count += 1) {
      using client = new RawClient(engine.socketPath);
      client.write("POST /exec/0123/start HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{");
      await delay(1);
    }
    assert(await settles(() => openDescriptors() <= before));
  });
});

suite("many calls", () => {
  test("leave neither memory nor handles behind", async () => {
    const round = async (count: number) => {
      for (let index = 0; index < count; index += 1) {
        const id = await engine.run(["echo", "out"]);
        await engine.wait(id);
        await engine.logs(id, { follow: true });
        await engine.succeeds("GET", `/containers/${id}/json`);
        await engine.succeeds("DELETE", `/containers/${id}`);
        const gone = await engine.api("GET", `/containers/${id}/logs?stdout=1`);
        assert.equal(gone.status, 404);
      }
    };
    const memory = () => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    await round(30);
    const [before, descriptors] = [memory(), openDescriptors()];
    await round(Number(process.env["DVM_TEST_CONTAINERS"] ?? 60));
    assert(await settles(() => openDescriptors() <= descriptors + 2));
    const grown = (memory() - before) / 2 ** 20;
    assert(grown < 8, `${grown.toFixed(1)} MiB more`);
  });

  test("a flood of requests is answered, each of them", async () => {
    const ping = rawRequest({ method: "GET", path: "/_ping" });
    const clients = Array.from({ length: 50 }, () => new RawClient(engine.socketPath));
    try {
      for (const client of clients) client.write(ping.repeat(100));
      for (const client of clients)
        assert(await settles(() => client.text.split("200 OK").length === 101));
    } finally {
      for (const client of clients) client[Symbol.dispose]();
    }
  });
});

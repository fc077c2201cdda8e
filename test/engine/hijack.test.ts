import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket } from "ws";
import { requireText } from "../../src/client/json.ts";
import { RawClient, rawRequest, type RawRequest } from "../support/raw-client.ts";
import { TestEngine } from "../support/test-engine.ts";

let engine: TestEngine;

before(async () => {
  engine = await TestEngine.open();
});
after(() => engine?.[Symbol.asyncDispose]());

const { upgrade } = RawClient;
const ping = rawRequest({ method: "GET", path: "/_ping" });
const rawType = "Content-Type: application/vnd.docker.raw-stream";
const multiplexedType = "Content-Type: application/vnd.docker.multiplexed-stream";
const attachPath = (id: string) => `/containers/${id}/attach?stream=1&stdin=1&stdout=1&stderr=1`;

function client(request?: RawRequest): RawClient {
  const made = new RawClient(engine.socketPath);
  if (request !== undefined) made.write(rawRequest(request));
  return made;
}

/** An exec's id. */
async function exec(id: string, Cmd: string[], more: object = {}): Promise<string> {
  const body = { Cmd, AttachStdin: true, AttachStdout: true, AttachStderr: true, ...more };
  return requireText(await engine.succeeds("POST", `/containers/${id}/exec`, body), "Id");
}

suite("who takes a connection over", () => {
  test("and gets a plain answer is told that the connection ends with it", async () => {
    const id = await engine.run(["cat"], { OpenStdin: true });
    const path = `/exec/${await exec(id, ["true"])}/start`;
    const body = JSON.stringify({ Detach: true });
    for (const status of ["200 OK", "409 Conflict"]) {
      using asked = client({ path, body });
      const answer = await asked.untilEnd();
      assert(answer.startsWith(`HTTP/1.1 ${status}`), answer);
      assert.match(answer, /\r\nConnection: close\r\n/);
    }
  });

  const ways = [
    { name: "by an upgrade", headers: upgrade, head: "HTTP/1.1 101 UPGRADED\r\n" },
    { name: "by Upgrade alone", headers: "Upgrade: tcp\r\n", head: "HTTP/1.1 101 UPGRADED\r\n" },
    { name: "without any upgrade", headers: "", head: "HTTP/1.1 200 OK\r\n" },
    {
      name: "without any upgrade, and wants to keep the connection",
      headers: "Connection: keep-alive\r\n",
      head: "HTTP/1.1 200 OK\r\n",
    },
  ];
  for (const { name, headers, head } of ways) {
    test(`${name} types to the program, be it a request or none`, async () => {
      const id = await engine.run(["cat"], { OpenStdin: true, StdinOnce: true });
      using attached = client({ path: attachPath(id), headers });
      assert((await attached.until("\r\n\r\n")).startsWith(head));
      attached.write(ping);
      await attached.until("GET /_ping");
      attached.write("\0 no request at all\r\n\r\n");
      await attached.until("no request at all");
      attached.socket.end();
      assert(!(await attached.untilEnd()).includes("200 OK\r\nContent-Type: text/plain"));
      assert.equal(await engine.wait(id), 0);
      assert.equal((await engine.api("GET", "/version")).status, 200);
    });

    test(`${name} types to an exec, from the first byte after the body on`, async () => {
      const id = await engine.run(["sleep", "60"]);
      using attached = client();
      const request = { path: `/exec/${await exec(id, ["cat"])}/start`, headers, body: "{}" };
      attached.write(rawRequest(request) + ping);
      const text = await attached.until("GET /_ping");
      assert(text.startsWith(head));
      attached.socket.end();
      await attached.untilEnd();
    });
  }

  test("an exec's start may come in chunks, a byte at a time", async () => {
    const id = await engine.run(["sleep", "60"]);
    using attached = client();
    const head = rawRequest({
      path: `/exec/${await exec(id, ["cat"])}/start`,
      headers: `${upgrade}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n`,
    });
    for (const byte of `${head}2;x=y\r\n{"\r\n7\r\nTty":1}\r\n0\r\nA: b\r\n\r\n`) {
      attached.write(byte);
      await delay(0);
    }
    assert.match(await attached.untilEnd(), /400 Bad Request[^]*cannot unmarshal number/);
  });

  test("one that expects to be told so sends its body then", async () => {
    const id = await engine.run(["sleep", "60"]);
    using attached = client();
    attached.write(
      rawRequest({
        path: `/exec/${await exec(id, ["echo", "hi"])}/start`,
        headers: `${upgrade}Expect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: 2\r\n`,
      }),
    );
    await attached.until("HTTP/1.1 100 Continue\r\n\r\n");
    attached.write("{}");
    await attached.until("hi\n");
  });

  test("requests before it on the same connection are answered first", async () => {
    const id = await engine.run(["sleep", "60"]);
    using attached = client();
    const start = { path: `/exec/${await exec(id, ["echo", "hi"])}/start`, body: "{}" };
    attached.write(ping + ping + rawRequest(start));
    const text = await attached.untilEnd();
    assert.equal(text.split("HTTP/1.1 200 OK").length, 4);
    assert(text.endsWith("\x01\0\0\0\0\0\0\x03hi\n"));
  });

  test("and is refused is answered, and let go", async () => {
    const id = await engine.run(["sleep", "60"]);
    using nobody = client({ path: attachPath("nobody"), headers: upgrade });
    assert.equal(
      await nobody.untilEnd(),
      `HTTP/1.1 404 Not Found\r\n${rawType}\r\n\r\nNo such container: nobody\r\n`,
    );
    using keys = client({ path: `${attachPath(id)}&detachKeys=foo`, headers: upgrade });
    assert.match(
      await keys.untilEnd(),
      /^HTTP.1.1 400 [^]*\nInvalid detach keys \(foo\) provided\r\n$/,
    );
    for (const [body, words] of [
      ["{x", "400 Bad Request"],
      [
        "[]",
        "invalid JSON: json: cannot unmarshal array into Go value of type container.ExecStartOptions",
      ],
      [
        '{"Detach":"yes"}',
        "cannot unmarshal string into Go struct field ExecStartOptions.Detach of type bool",
      ],
    ] as const) {
      using wrong = client({
        path: `/exec/${await exec(id, ["true"])}/start`,
        headers: upgrade,
        body,
      });
      assert((await wrong.untilEnd()).includes(words), body);
    }
    using unknown = client({ path: "/exec/0123/start", headers: upgrade, body: "{}" });
    assert.match(await unknown.untilEnd(), /404 Not Found[^]*No such exec instance: 0123/);
  });

  test("is told the output's kind as its API version knows it", async () => {
    const id = await engine.run(["sleep", "60"]);
    const terminal = await engine.run(["sleep", "60"], { Tty: true });
    for (const [path, headers, type] of [
      [`/v1.42${attachPath(id)}`, upgrade, multiplexedType],
      [`/v1.41${attachPath(id)}`, upgrade, rawType],
      [`/v1.51${attachPath(id)}`, "", rawType],
      [attachPath(id), upgrade, multiplexedType],
      [attachPath(terminal), upgrade, rawType],
    ] as const) {
      using attached = client({ path, headers });
      assert((await attached.until("\r\n\r\n")).includes(type), path);
    }
  });

  test("who vanishes leaves nothing behind", async () => {
    const id = await engine.run(["cat"], { OpenStdin: true });
    for (let count = 0; count < 20; count += 1) {
      using attached = client({ path: attachPath(id), headers: upgrade });
      if (count % 2 === 0) await attached.until("\r\n\r\n");
    }
    using half = client();
    half.write("POST /exec/0123/start HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{");
    await delay(20);
    half.socket.destroy();
    await delay(50);
    assert.equal((await engine.api("GET", "/version")).status, 200);
  });
});

suite("exec", () => {
  test("the first output never comes with the answer's head", async () => {
    const id = await engine.run(["sleep", "60"]);
    for (let count = 0; count < 10; count += 1) {
      const start = { path: `/exec/${await exec(id, ["echo", "hi"])}/start`, headers: upgrade };
      using attached = client({ ...start, body: "{}" });
      await attached.untilEnd();
      assert(attached.pieces[0]?.toString().endsWith("\r\n\r\n"));
    }
  });

  test("frames are as its start asks, whatever its terminal", async () => {
    const id = await engine.run(["sleep", "60"]);
    const said = async (Tty: boolean, startTty: boolean) => {
      const path = `/exec/${await exec(id, ["both", "out", "err"], { Tty })}/start`;
      using attached = client({ path, headers: upgrade, body: JSON.stringify({ Tty: startTty }) });
      const [head = "", body = ""] = (await attached.untilEnd()).split("\r\n\r\n");
      return [head.includes(multiplexedType), body];
    };
    const outFrame = "\x01\0\0\0\0\0\0\x04out\n";
    const errFrame = "\x02\0\0\0\0\0\0\x04err\n";
    assert.deepEqual(await said(false, false), [true, outFrame + errFrame]);
    assert.deepEqual(await said(false, true), [false, "out\n"]);
    assert.deepEqual(await said(true, true), [false, "out\r\nerr\r\n"]);
    const [isTold, framed] = await said(true, false);
    assert.equal(isTold, true);
    assert.match(String(framed), /^\x01\0\0\0\0\0\0.out\r\n/);
  });

  test("what was started already is said in its stream", async () => {
    const id = await engine.run(["sleep", "60"]);
    const again = await exec(id, ["true"]);
    await engine.succeeds("POST", `/exec/${again}/start`, { Detach: true });
    using attached = client({ path: `/exec/${again}/start`, headers: upgrade, body: "{}" });
    assert.match(
      await attached.untilEnd(),
      new RegExp(`101 UPGRADED[^]*exec command ${again} (is already running|has already run)\r\n$`),
    );
  });
});

suite("a web socket", () => {
  test("carries input and output of a container", async () => {
    const id = await engine.run(["cat"], { OpenStdin: true });
    const url = `ws+unix:${engine.socketPath}:${attachPath(id).replace("attach", "attach/ws")}`;
    const socket = new WebSocket(url);
    await once(socket, "open");
    socket.send("through\n");
    const [data, isBinary] = (await once(socket, "message")) as [Buffer, boolean];
    assert.deepEqual([data.toString(), isBinary], ["through\n", true]);
    await engine.succeeds("POST", `/containers/${id}/kill`);
    await once(socket, "close");
  });

  test("is refused as a request is", async () => {
    const id = await engine.run(["sleep", "60"]);
    const plain = await engine.api("GET", `/containers/${id}/attach/ws?stream=1`);
    assert.equal(plain.status, 400);
    using nobody = client({
      method: "GET",
      path: "/containers/nobody/attach/ws?stream=1",
      headers: "Connection: Upgrade\r\nUpgrade: websocket\r\n",
    });
    assert.match(await nobody.untilEnd(), /404 Not Found[^]*"No such container: nobody"/);
  });
});

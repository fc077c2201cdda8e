import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { formatMessage } from "../../src/engine/runs/logs/syslog-sink.ts";
import type { Program } from "../support/fake-machine/programs.ts";
import { RawClient, rawRequest } from "../support/raw-client.ts";
import { TestEngine } from "../support/test-engine.ts";

/** A line, and another one after a moment. */
const twoLines: Program = async ({ print, wait }) => {
  await print("first");
  await wait(300);
  await print("second");
  await wait(60_000);
  return 0;
};

let engine: TestEngine;

before(async () => {
  engine = await TestEngine.open({ programs: { twoLines } });
});
after(() => engine?.[Symbol.asyncDispose]());

const logged = (LogConfig: object, more: object = {}) => ({ HostConfig: { LogConfig }, ...more });
const jsonFile = (Config: object) => logged({ Type: "json-file", Config });

async function read(id: string, query: string): Promise<string> {
  using client = new RawClient(engine.socketPath);
  const path = `/containers/${id}/logs?${query}`;
  client.write(rawRequest({ method: "GET", path, headers: "Connection: close\r\n" }));
  return await client.untilEnd();
}

/** Status and message of a create. */
async function refusal(LogConfig: object): Promise<[number, unknown]> {
  const body = { Image: "test", Cmd: ["true"], ...logged(LogConfig) };
  const { status, body: answer } = await engine.api("POST", "/containers/create", body);
  return [status, answer["message"]];
}

suite("logs", () => {
  test("options that say nothing sensible are taken or refused as by dockerd", async () => {
    const id = await engine.run(["both", "out", "err"]);
    await engine.wait(id);
    for (const query of ["tail=abc", "tail=-1", "tail=", "since=-5", "since=0", "until=0"])
      assert.match(await read(id, `stdout=1&${query}`), /out\n/, query);
    for (const [query, message] of [
      ["since=abc", 'strconv.ParseInt: parsing "abc": invalid syntax'],
      ["until=1h", 'strconv.ParseInt: parsing "1h": invalid syntax'],
      ["since=1.x", 'strconv.ParseInt: parsing "x": invalid syntax'],
      ["since=99999999999999999999", 'parsing "99999999999999999999": value out of range'],
    ] as const) {
      const answer = await engine.api("GET", `/containers/${id}/logs?stdout=1&${query}`);
      assert.equal(answer.status, 500);
      assert(String(answer.body["message"]).endsWith(message), query);
    }
    assert.doesNotMatch(await read(id, "stdout=1&until=1.5"), /out/);
    assert.doesNotMatch(await read(id, "stdout=1&since=99999999999"), /out/);
  });

  test("details are what its options name, sorted and escaped", async () => {
    const Config = {
      labels: "x",
      "labels-regex": "^y",
      env: "AA",
      "env-regex": "B",
      tag: "T {{.Name}}",
    };
    const id = await engine.run(["echo", "out"], {
      ...jsonFile(Config),
      ...{ name: "detailed", Env: ["AA=1", "BB=2", "CC=3"] },
      Labels: { x: "a b&=", y1: "é", z: "n" },
    });
    await engine.wait(id);
    const shown = await read(id, "stdout=1&details=1");
    assert(shown.includes(" AA=1,BB=2,tag=T+detailed,x=a+b%26%3D,y1=%C3%A9 out\n".slice(1)), shown);
    assert.match(
      await read(id, "stdout=1&details=1&timestamps=1"),
      /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z AA=1,/,
    );
    const plain = await engine.run(["echo", "out"]);
    await engine.wait(plain);
    assert.match(await read(plain, "stdout=1&details=1"), /[^ -~] out\n/);
  });

  test("a follower with a last moment is let go then", async () => {
    const id = await engine.run(["twoLines"]);
    const until = (Date.now() + 50) / 1000;
    const text = await read(id, `stdout=1&follow=1&until=${until.toFixed(3)}`);
    assert.match(text, /first/);
    assert.doesNotMatch(text, /second/);
    assert.equal((await engine.state(id))["Running"], true);
  });

  test("are those of the container that is there, and gone with it", async () => {
    const id = await engine.run(["echo", "out"], { name: "short-lived" });
    await engine.wait(id);
    await engine.succeeds("DELETE", `/containers/${id}`);
    const answer = await engine.api("GET", "/containers/short-lived/logs?stdout=1");
    assert.deepEqual(
      [answer.status, answer.body["message"]],
      [404, "No such container: short-lived"],
    );
  });
});

suite("log drivers", () => {
  test("options and drivers that there are not are refused when the container is made", async () => {
    for (const [config, message] of [
      [
        { Type: "json-file", Config: { bogus: "1" } },
        "unknown log opt 'bogus' for json-file log driver",
      ],
      [{ Type: "local", Config: { tag: "1" } }, "unknown log opt 'tag' for log driver local"],
      [{ Type: "syslog", Config: { bogus: "1" } }, "unknown log opt 'bogus' for syslog log driver"],
      [{ Type: "nope" }, 'error looking up logging plugin nope: plugin "nope" not found'],
      [{ Config: { mode: "x" } }, "logger: logging mode not supported: x"],
      [
        { Config: { "max-buffer-size": "1m" } },
        "logger: max-buffer-size option is only supported with 'mode=non-blocking'",
      ],
      [
        { Config: { mode: "non-blocking", "max-buffer-size": "x" } },
        "error parsing option max-buffer-size: invalid size: 'x'",
      ],
      [{ Type: "syslog", Config: { "syslog-address": "nope" } }, "unsupported scheme: ''"],
      [{ Type: "syslog", Config: { "syslog-facility": "x" } }, "invalid syslog facility"],
      [{ Type: "syslog", Config: { "syslog-format": "x" } }, "Invalid syslog format"],
      [
        { Type: "syslog", Config: { "syslog-address": "unix:///nope" } },
        "stat /nope: no such file or directory",
      ],
    ] as const)
      assert.deepEqual(await refusal(config), [400, message]);
  });

  test("values that mean nothing keep the container from starting", async () => {
    for (const [Type, Config, why] of [
      ["json-file", { "max-size": "abc" }, "invalid size: 'abc'"],
      ["json-file", { "max-size": "-1" }, "invalid size: '-1'"],
      ["json-file", { "max-size": "0" }, "max-size must be a positive number"],
      ["json-file", { "max-size": "1kk" }, "invalid suffix: 'kk'"],
      ["json-file", { "max-file": "x" }, 'strconv.Atoi: parsing "x": invalid syntax'],
      ["json-file", { "max-file": "0" }, "max-file cannot be less than 1"],
      ["json-file", { compress: "x" }, 'strconv.ParseBool: parsing "x": invalid syntax'],
      [
        "json-file",
        { compress: "true" },
        "compress cannot be true when max-file is less than 2 or max-size is not set",
      ],
      ["json-file", { "labels-regex": "(" }, "error parsing regexp: missing closing ): `(`"],
      ["json-file", { tag: "{{.Foo" }, "template: log-tag:1: unclosed action"],
      [
        "json-file",
        { tag: "{{.Foo}}" },
        'template: log-tag:1:2: executing "log-tag" at <.Foo>: can\'t evaluate field Foo in type *logger.Info',
      ],
      ["local", { "max-size": "x" }, "invalid value for max-size: x: invalid size: 'x'"],
      ["local", { "max-file": "0" }, "compression cannot be enabled when max file count is 1"],
      [
        "syslog",
        { "syslog-address": "tcp://127.0.0.1:1" },
        "dial tcp 127.0.0.1:1: connect: connection refused",
      ],
    ] as const) {
      const id = await engine.create(["true"], logged({ Type, Config }));
      const { status, body } = await engine.api("POST", `/containers/${id}/start`);
      const words = "failed to create task for container: failed to initialize logging driver: ";
      assert.deepEqual([status, body["message"]], [500, words + why]);
    }
  });

  test("none keeps nothing, and says so", async () => {
    const id = await engine.run(["echo", "out"], logged({ Type: "none" }));
    assert.equal(await engine.wait(id), 0);
    const answer = await engine.api("GET", `/containers/${id}/logs?stdout=1`);
    assert.deepEqual(
      [answer.status, answer.body["message"]],
      [501, "configured logging driver does not support reading"],
    );
  });

  test("local keeps all, and rotates by itself", async () => {
    const id = await engine.run(["echo", "out"], logged({ Type: "local" }));
    await engine.wait(id);
    assert.equal(await engine.logs(id), "out\n");
  });

  test("of a program that isn't to be held up, what the buffer takes is kept", async () => {
    const Config = { mode: "non-blocking", "max-buffer-size": "4m" };
    const id = await engine.run(["count", "1000"], jsonFile(Config));
    await engine.wait(id);
    assert.equal((await engine.logs(id)).split("\n").length, 1001);
  });

  test("syslog gets each line with priority and tag, and logs are readable all the same", async () => {
    const received: string[] = [];
    await using server = createServer((socket) => {
      socket.on("data", (chunk: Buffer) => received.push(chunk.toString()));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const Config = {
      ...{ "syslog-address": `tcp://127.0.0.1:${port}`, "syslog-facility": "local3" },
      ...{ "syslog-format": "rfc5424", tag: "{{.Name}}" },
    };
    const id = await engine.run(["both", "out", "err"], {
      ...logged({ Type: "syslog", Config }),
      name: "talking",
    });
    await engine.wait(id);
    for (let waited = 0; received.join("").split("\n").length < 3 && waited < 100; waited += 1)
      await delay(10);
    assert.match(received.join(""), /^<158>1 \S+Z \S+ talking \d+ talking - out\n/m);
    assert.match(received.join(""), /^<155>1 \S+Z \S+ talking \d+ talking - err\n/m);
    assert.equal(await engine.logs(id), "out\nerr\n");
  });

  test("syslog's older forms are as Docker's libraries write them", () => {
    const message = { priority: 30, tag: "0123456789ab", text: "said" };
    const now = new Date(2026, 0, 2, 3, 4, 5);
    const shown = (format: "unix" | "rfc3164") =>
      formatMessage(format, message, now).replace(/\[\d+\]/, "[1]");
    assert.equal(shown("unix"), "<30>Jan  2 03:04:05 0123456789ab[1]: said");
    assert.match(shown("rfc3164"), /^<30>Jan  2 03:04:05 \S+ 0123456789ab\[1\]: said$/);
  });
});

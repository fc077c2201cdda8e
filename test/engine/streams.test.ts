import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Program } from "../support/fake-machine/programs.ts";
import { outputOf } from "../support/docker-output.ts";
import { TestEngine, type CreateOptions } from "../support/test-engine.ts";

/** Says something, waits until it is told to go on, and says the rest. */
const twoParts: Program = async ({ print, input }) => {
  await print("first part");
  for await (const chunk of input) await print(`then ${chunk.toString().trim()}`);
  return 0;
};
/** Says something without an end of the line. */
const halfLine: Program = async ({ write, wait }) => {
  await write("no end of line");
  await wait(50);
  return 0;
};

let engine: TestEngine;

before(async () => {
  engine = await TestEngine.open({ programs: { twoParts, halfLine } });
});
after(() => engine?.[Symbol.asyncDispose]());

const outputs = { stdin: false, stdout: true, stderr: true };
const inputToo = { ...outputs, stdin: true };
const start = (id: string) => engine.succeeds("POST", `/containers/${id}/start`);
const withInput: CreateOptions = { OpenStdin: true, StdinOnce: true };

suite("attach", () => {
  test("who attaches before the start misses nothing, and is told the streams apart", async () => {
    const id = await engine.create(["both", "out", "err"]);
    const { socket, multiplexed } = await engine.client.containers.attach(id, outputs);
    await start(id);
    const { stdout, stderr } = await outputOf(socket);
    assert.deepEqual(
      { stdout, stderr, multiplexed },
      {
        ...{ stdout: "out\n", stderr: "err\n", multiplexed: true },
      },
    );
  });

  test("input reaches the program, and its end too", async () => {
    const id = await engine.create(["cat"], withInput);
    const { socket } = await engine.client.containers.attach(id, inputToo);
    await start(id);
    socket.write("one ");
    socket.end("two\n");
    assert.equal((await outputOf(socket)).stdout, "one two\n");
    assert.equal(await engine.wait(id), 0);
  });

  test("input of more than a window passes, and comes back byte for byte", async () => {
    const text = Array.from({ length: 40_000 }, (_, index) => `line ${index}\n`).join("");
    const id = await engine.create(["cat"], withInput);
    const { socket } = await engine.client.containers.attach(id, inputToo);
    await start(id);
    socket.end(text);
    assert.equal((await outputOf(socket)).stdout, text);
  });

  test("all who are attached get the output, and who leaves disturbs nobody", async () => {
    const id = await engine.create(["twoParts"], { OpenStdin: true });
    const [leaving, staying, typing] = [
      await engine.client.containers.attach(id, outputs),
      await engine.client.containers.attach(id, outputs),
      await engine.client.containers.attach(id, inputToo),
    ];
    await start(id);
    await outputOf(leaving.socket, { enough: (all) => all !== "" });
    typing.socket.write("more\n");
    const { all } = await outputOf(staying.socket, { enough: (all) => all.includes("more") });
    assert.equal(all, "first part\nthen more\n");
    await engine.succeeds("POST", `/containers/${id}/kill`);
  });

  test("with logs=1 what was said before comes first", async () => {
    const id = await engine.run(["twoParts"], withInput);
    await engine.printed(id, "first part");
    const { socket } = await engine.client.containers.attach(id, { ...inputToo, logs: true });
    socket.end("more\n");
    assert.equal((await outputOf(socket)).all, "first part\nthen more\n");
  });

  test("a stream that nobody wants isn't sent", async () => {
    const id = await engine.create(["both", "out", "err"]);
    const wants = { ...outputs, stdout: false };
    const { socket } = await engine.client.containers.attach(id, wants);
    await start(id);
    assert.equal((await outputOf(socket)).all, "err\n");
  });
});

suite("who leaves", () => {
  const events = (id: string) => engine.events(id, ["attach", "detach", "exec_detach"]);

  test("by the keys lets the container run on, and what was typed before reaches it", async () => {
    const id = await engine.run(["cat"], { OpenStdin: true, Tty: true });
    const { socket } = await engine.client.containers.attach(id, inputToo);
    const said = outputOf(socket, { raw: true });
    socket.write("x\x10y");
    await delay(50);
    socket.write("\x10\x11z");
    assert.equal((await said).all, "x\x10y");
    assert.equal(await engine.status(id), "running 0");
    assert.deepEqual(await events(id), ["attach", "detach"]);
  });

  test("by keys of its own doesn't by others", async () => {
    const id = await engine.run(["cat"], { OpenStdin: true, Tty: true });
    const more = { ...inputToo, detachKeys: "a,ctrl-b" };
    const { socket } = await engine.client.containers.attach(id, more);
    const said = outputOf(socket, { raw: true });
    socket.write("\x10\x11b");
    await delay(50);
    socket.write("a\x02c");
    assert.equal((await said).all, "\x10\x11b");
  });

  test("without a terminal types keys like any others", async () => {
    const id = await engine.run(["cat"], { OpenStdin: true });
    const { socket } = await engine.client.containers.attach(id, inputToo);
    socket.write("\x10\x11.");
    const { all } = await outputOf(socket, { enough: (all) => all.includes(".") });
    assert.equal(all, "\x10\x11.");
  });

  test("an exec by the keys lets it run on", async () => {
    const id = await engine.run(["sleep", "60"]);
    const body = { Cmd: ["cat"], Tty: true, AttachStdin: true, AttachStdout: true };
    const exec = await engine.client.execs.create(id, body);
    const { socket } = await engine.client.execs.start(exec, { Detach: false, Tty: true });
    const said = outputOf(socket, { raw: true });
    socket.write("a");
    await delay(100);
    socket.write("\x10\x11");
    assert.equal((await said).all, "a");
    assert.equal((await engine.client.execs.inspect(exec))["Running"], true);
    assert.deepEqual(await events(id), ["exec_detach"]);
  });

  test("by the end of its input is let go, where that is not the container's end of it", async () => {
    const id = await engine.run(["cat"], { OpenStdin: true });
    const { socket } = await engine.client.containers.attach(id, inputToo);
    socket.write("once\n");
    await engine.printed(id, "once");
    socket.end();
    assert.equal((await outputOf(socket)).all, "once\n");
    assert.equal(await engine.status(id), "running 0");
  });
});

suite("slow readers", () => {
  test("get all of it, and keep nobody else waiting", async () => {
    const id = await engine.create(["count", "600000"]);
    const slow = await engine.client.containers.attach(id, outputs);
    const quick = await engine.client.containers.attach(id, outputs);
    await start(id);
    const all = (await outputOf(quick.socket)).all;
    assert(all.endsWith("line 600000\n"));
    assert.equal(await engine.wait(id), 0);
    assert.equal((await outputOf(slow.socket)).all, all);
  });
});

suite("terminals", () => {
  test("a terminal has the size that was asked for, and is told of another one", async () => {
    const HostConfig = { ConsoleSize: [30, 100] };
    const id = await engine.create(["terminal"], { Tty: true, HostConfig });
    const { socket } = await engine.client.containers.attach(id, outputs);
    await start(id);
    let resized = false;
    const enough = (all: string) => {
      if (!resized) void engine.client.containers.resize(id, 40, 120);
      resized = true;
      return all.includes("40");
    };
    const { all } = await outputOf(socket, { raw: true, enough });
    assert.equal(all, "30 rows, 100 columns\r\n40 rows, 120 columns\r\n");
    await engine.succeeds("POST", `/containers/${id}/kill`);
    assert.equal((await engine.api("POST", `/containers/${id}/resize?h=1&w=1`)).status, 409);
  });
});

suite("logs", () => {
  test("output of more than a window is kept whole and in order", async () => {
    const id = await engine.run(["count", "30000"]);
    await engine.wait(id);
    const lines = (await engine.logs(id)).trimEnd().split("\n");
    assert.equal(lines.length, 30_000);
    assert(lines.every((line, index) => line === `line ${index + 1}`));
  });

  test("tail gives the last lines, and each stream can be had alone", async () => {
    const id = await engine.run(["both", "out", "err"]);
    await engine.wait(id);
    assert.equal(await engine.logs(id, { stderr: false }), "out\n");
    assert.equal(await engine.logs(id, { stdout: false }), "err\n");
    assert.equal(await engine.logs(id, { tail: "1" }), "err\n");
    assert.equal(await engine.logs(id, { tail: "0" }), "");
    const neither = await engine.api("GET", `/containers/${id}/logs`);
    assert.equal(neither.status, 400);
  });

  test("since and until choose by the time that timestamps show", async () => {
    const id = await engine.run(["twoParts"], withInput);
    await engine.printed(id, "first part");
    await delay(20);
    const between = new Date().toISOString();
    await delay(20);
    const { socket } = await engine.client.containers.attach(id, inputToo);
    socket.end("second\n");
    await engine.wait(id);
    const moment = String(Date.parse(between) / 1000);
    assert.equal(await engine.logs(id, { since: moment }), "then second\n");
    assert.equal(await engine.logs(id, { until: moment }), "first part\n");
    const [first = "", second = ""] = (await engine.logs(id, { timestamps: true })).split("\n");
    assert.match(first, /^20\d\d-\d\d-\d\dT\S+Z first part$/);
    assert(first < between && between < second);
  });

  test("who follows gets what is there, what comes, and the end", async () => {
    const id = await engine.run(["twoParts"], withInput);
    await engine.printed(id, "first part");
    const following = engine.logs(id, { follow: true });
    const { socket } = await engine.client.containers.attach(id, inputToo);
    socket.end("the rest\n");
    assert.equal(await following, "first part\nthen the rest\n");
  });

  test("a line without an end is kept when its program has ended", async () => {
    const id = await engine.run(["halfLine"]);
    await engine.wait(id);
    assert.equal(await engine.logs(id), "no end of line");
  });

  test("logs of a container that never ran are empty", async () => {
    assert.equal(await engine.logs(await engine.create(["true"]), { follow: true }), "");
  });
});

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { text } from "node:stream/consumers";
import { asObject, type JsonObject } from "../../src/client/json.ts";
import { outputOf } from "../support/docker-output.ts";
import { TestEngine } from "../support/test-engine.ts";

let engine: TestEngine;
let host: string;

before(async () => {
  engine = await TestEngine.open();
  host = await engine.run(["sleep", "600"], { name: "host", Env: ["A=1"] });
});
after(() => engine?.[Symbol.asyncDispose]());

const attached = { AttachStdout: true, AttachStderr: true };
const add = (Cmd: string[], more: object = {}) =>
  engine.client.execs.create(host, { Cmd, ...attached, ...more });
const run = async (id: string) =>
  outputOf((await engine.client.execs.start(id, { Detach: false })).socket);
const inspect = (id: string): Promise<JsonObject> => engine.client.execs.inspect(id);

suite("exec", () => {
  test("a command runs in the container, with streams and an exit code of its own", async () => {
    const id = await add(["both", "out", "err"]);
    assert.deepEqual((await inspect(id))["ExitCode"], null);
    const { stdout, stderr } = await run(id);
    assert.deepEqual([stdout, stderr], ["out\n", "err\n"]);
    const ended = await inspect(id);
    assert.deepEqual([ended["Running"], ended["ExitCode"], ended["ContainerID"]], [false, 0, host]);
    assert.equal(await engine.status(host), "running 0");
    const failing = await add(["exit", "5"]);
    await run(failing);
    assert.equal((await inspect(failing))["ExitCode"], 5);
  });

  test("it has the container's environment and what was added", async () => {
    const { stdout } = await run(await add(["env"], { Env: ["B=2"] }));
    assert.match(stdout, /^A=1$[^]*^B=2$/m);
  });

  test("input reaches it, and its end", async () => {
    const id = await add(["cat"], { AttachStdin: true });
    const { socket } = await engine.client.execs.start(id, { Detach: false });
    socket.end("through\n");
    assert.equal((await outputOf(socket)).stdout, "through\n");
  });

  test("a command that isn't there, or can't be run, is said so", async () => {
    const prefix = "OCI runtime exec failed: exec failed: unable to start container process: ";
    for (const [command, words, exitCode] of [
      ["nope", 'exec: "nope": executable file not found in $PATH', 127],
      ["/etc/motd", 'exec: "/etc/motd": permission denied', 126],
    ] as const) {
      const message = prefix + words;
      const id = await add([command]);
      const answer = await engine.api("POST", `/exec/${id}/start`, { Detach: true });
      assert.equal(answer.status, 400);
      assert.equal(answer.body["message"], message);
      assert.equal((await inspect(id))["ExitCode"], exitCode);
      // who is attached is told by its output
      const attached = await add([command]);
      const { stdout, stderr } = await run(attached);
      assert.equal(stdout, `${message}\r\n`);
      assert.equal(stderr, "");
      assert.equal((await inspect(attached))["ExitCode"], exitCode);
    }
    assert.equal((await engine.api("POST", `/containers/${host}/exec`, { Cmd: [] })).status, 400);
  });

  test("one that is detached runs on, is listed with its container, and is started once", async () => {
    const id = await add(["sleep", "60"]);
    await engine.succeeds("POST", `/exec/${id}/start`, { Detach: true });
    assert.equal((await inspect(id))["Running"], true);
    const inspected = await engine.succeeds("GET", `/containers/${host}/json`);
    assert.deepEqual(inspected["ExecIDs"], [id]);
    const again = await engine.api("POST", `/exec/${id}/start`, { Detach: true });
    assert.equal(again.status, 409);
  });

  test("a user that the container doesn't know is refused when the exec is made", async () => {
    for (const [User, message] of [
      ["nobodyx", "unable to find user nobodyx: no matching entries in passwd file"],
      ["99999999999", "uids and gids must be in range 0-2147483647"],
    ] as const) {
      const body = { Cmd: ["true"], User };
      const answer = await engine.api("POST", `/containers/${host}/exec`, body);
      assert.deepEqual([answer.status, answer.body["message"]], [400, message]);
    }
    for (const User of ["root", "1000:1000"])
      await engine.succeeds("POST", `/containers/${host}/exec`, { Cmd: ["true"], User });
  });

  test("keys to detach that mean nothing are refused, others shown as bytes", async () => {
    const path = `/containers/${host}/exec`;
    const refused = await engine.api("POST", path, { Cmd: ["true"], DetachKeys: "foo" });
    assert.deepEqual(
      [refused.status, refused.body["message"]],
      [500, "Invalid escape keys (foo) provided"],
    );
    const id = await add(["true"], { DetachKeys: "ctrl-a" });
    assert.equal((await inspect(id))["DetachKeys"], "AQ==");
  });

  test("one that can't be told its size says so, by the time that it has", async () => {
    const id = await add(["true"]);
    const resized = engine.api("POST", `/exec/${id}/resize?h=1&w=1`);
    await run(id);
    const early = await resized;
    assert([200, 404].includes(early.status), String(early.status));
    const late = await engine.api("POST", `/exec/${id}/resize?h=1&w=1`);
    assert.deepEqual(
      [late.status, late.body["message"]],
      [404, `NotFound: process does not exist ${id}: not found`],
    );
  });

  test("its terminal has a size, and gets another one", async () => {
    const id = await add(["terminal"], { Tty: true, ConsoleSize: [10, 20] });
    const { socket } = await engine.client.execs.start(id, { Detach: false, Tty: true });
    let resized = false;
    const enough = (all: string) => {
      if (!resized) void engine.client.execs.resize(id, 11, 21);
      resized = true;
      return all.includes("11");
    };
    const { all } = await outputOf(socket, { raw: true, enough });
    assert.equal(all, "10 rows, 20 columns\r\n11 rows, 21 columns\r\n");
  });

  test("what runs when the container ends is over, and nothing is started in it any more", async () => {
    const other = await engine.run(["sleep", "600"]);
    const running = await engine.client.execs.create(other, { Cmd: ["sleep", "60"], ...attached });
    const late = await engine.client.execs.create(other, { Cmd: ["true"], ...attached });
    const { socket } = await engine.client.execs.start(running, { Detach: false });
    await engine.succeeds("POST", `/containers/${other}/kill`);
    await outputOf(socket);
    assert.deepEqual(
      [(await inspect(running))["Running"], (await inspect(running))["ExitCode"]],
      [false, 137],
    );
    assert.equal((await engine.api("POST", `/exec/${late}/start`, {})).status, 404);
    const refused = await engine.api("POST", `/containers/${other}/exec`, { Cmd: ["true"] });
    assert.equal(refused.status, 409);
    assert.match(String(refused.body["message"]), /is not running/);
  });

  test("an exec that nobody made isn't found", async () => {
    assert.equal((await engine.api("GET", "/exec/0123/json")).status, 404);
    assert.equal((await engine.api("POST", "/exec/0123/start", {})).status, 404);
  });
});

suite("what runs in a container", () => {
  test("top lists its processes", async () => {
    const { Titles, Processes } = await engine.client.containers.top(host);
    assert.deepEqual(Titles, ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]);
    assert.deepEqual((Processes as string[][])[0]?.toSpliced(4, 1), [
      ...["root", "1", "0", "10", "?", "00:00:01", "sleep 600"],
    ]);
  });

  test("stats tell of its machine", async () => {
    const url = `/containers/${host}/stats?stream=0&one-shot=1`;
    const statistics = await engine.succeeds("GET", url);
    const memory = statistics["memory_stats"] as JsonObject;
    assert.deepEqual([memory["usage"], memory["limit"]], [10_000_000, 500_000_000]);
    const received = { rx_bytes: 1000, rx_packets: 10, rx_errors: 0, rx_dropped: 0 };
    const sent = { tx_bytes: 2000, tx_packets: 20, tx_errors: 0, tx_dropped: 0 };
    assert.deepEqual(statistics["networks"], { eth0: { ...received, ...sent } });
    assert.deepEqual(asObject(statistics["cpu_stats"])["cpu_usage"], {
      ...{ total_usage: 2e9, usage_in_kernelmode: 5e8, usage_in_usermode: 1.5e9 },
    });
    assert.deepEqual(asObject(statistics["blkio_stats"])["io_service_bytes_recursive"], [
      { major: 254, minor: 0, op: "read", value: 4096 },
      { major: 254, minor: 0, op: "write", value: 8192 },
    ]);
  });

  test("a container that doesn't run has no processes, and uses nothing", async () => {
    const id = await engine.create(["true"]);
    const top = await engine.api("GET", `/containers/${id}/top`);
    assert.deepEqual([top.status, top.body], [409, { message: `container ${id} is not running` }]);
    const stats = await engine.succeeds("GET", `/containers/${id}/stats?stream=0&one-shot=1`);
    assert.equal(stats["id"], id);
    assert.deepEqual([stats["pids_stats"], stats["memory_stats"]], [{}, {}]);
    assert.equal((await engine.api("GET", `/containers/${id}/stats?one-shot=1`)).status, 400);
  });
});

suite("files of a container", () => {
  test("a file is read out of one that runs, and of one that doesn't, by a machine for so long", async () => {
    const stopped = await engine.create(["true"]);
    for (const id of [host, stopped]) {
      const before = engine.script.guests.size;
      const { stat, tar } = await engine.client.files.read(id, "/etc/motd");
      assert.equal(stat.name, "motd");
      assert.match(await text(tar), /^motd\0[^]*welcome\n/);
      assert.equal((await engine.client.files.stat(id, "/srv")).name, "srv");
      assert.equal(engine.script.guests.size, before);
    }
    assert.equal(await engine.status(stopped), "created 0");
  });

  test("a path that isn't there is named", async () => {
    const answer = await engine.api("GET", `/containers/${host}/archive?path=/nowhere`);
    assert.equal(answer.status, 404);
    const message = `Could not find the file /nowhere in container ${host}`;
    assert.deepEqual(answer.body, { message });
  });
});

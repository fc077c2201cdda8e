import assert from "node:assert/strict";
import { after, afterEach, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { asObject } from "../../src/client/json.ts";
import { machineOf } from "../support/fake-machine/faults.ts";
import { TestEngine } from "../support/test-engine.ts";

const reason = /no space left on device/;
const mebibyte = 2 ** 20;
/** The look after the disk comes once a second. */
const deadlineMs = 10_000;

let engine: TestEngine;

before(async () => {
  engine = await TestEngine.open();
});
afterEach(() => free());
after(() => engine?.[Symbol.asyncDispose]());

/** The host's disk has room again. */
function free(): void {
  engine.free = {};
  engine.script.faults.clear();
  for (const { board } of engine.script.guests) board.fillDisk(false);
}

/** It has none, and a container's machine has something to write. */
function fill(id: string): void {
  engine.free = { bytes: 0 };
  engine.guestOf(id)?.board.fillDisk(true);
}

async function until(what: string, done: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!(await done())) {
    assert(performance.now() < deadline, `${what}: ${engine.log.join("\n")}`);
    await delay(20);
  }
}

async function trouble(id: string): Promise<string> {
  return String((await engine.state(id))["Error"]);
}

async function standsStill(id: string): Promise<void> {
  await until("it stands still", async () => reason.test(await trouble(id)));
}

async function held(command: string[] = ["polite", "3"]): Promise<string> {
  const id = await engine.run(command);
  fill(id);
  await standsStill(id);
  return id;
}

async function refuses(method: "GET" | "POST", path: string, body?: object): Promise<void> {
  const answer = await engine.api(method, `/containers/${path}`, body);
  assert.equal(answer.status, 507, path);
  assert.match(String(answer.body["message"]), reason);
}

async function exec(id: string, ...command: string[]): Promise<{ status: number; exec: string }> {
  const made = await engine.succeeds("POST", `/containers/${id}/exec`, { Cmd: command });
  const name = String(made["Id"]);
  const { status } = await engine.api("POST", `/exec/${name}/start`, { Detach: true });
  return { status, exec: name };
}

const waysToEnd = [
  { how: "stop", code: 137 },
  { how: "kill", code: 137 },
  { how: "restart", code: 0 },
];

suite("a machine that the host's full disk has stopped", () => {
  test("says so in inspect, and refuses at once what its guest would have to do", async () => {
    const id = await held();
    const { Status, Running, Paused } = await engine.state(id);
    assert.deepEqual([Status, Running, Paused], ["running", true, false]);
    for (const path of [`${id}/top`, `${id}/stats?stream=0&one-shot=1`]) await refuses("GET", path);
    for (const path of [`${id}/pause`, `${id}/kill?signal=USR1`]) await refuses("POST", path);
    assert.equal((await exec(id, "true")).status, 507);
    assert.equal(engine.log.filter((line) => /^machine \w+ stands still/.test(line)).length, 1);
    await engine.succeeds("DELETE", `/containers/${id}?force=1`);
  });

  test("goes on by itself, and can do what it could", async () => {
    const id = await held();
    const settings = engine.guestOf(id)?.clockSettings ?? [];
    const before = settings.length;
    free();
    await until("it goes on", async () => (await trouble(id)) === "");
    await until("its clock is set right", () => settings.length > before);
    assert.equal((await exec(id, "true")).status, 200);
    await engine.succeeds("POST", `/containers/${id}/stop`);
    assert.equal(await engine.status(id), "exited 3");
  });

  for (const { how, code } of waysToEnd)
    test(`is ended at once by ${how}`, async () => {
      const id = await held();
      const begin = performance.now();
      await engine.succeeds("POST", `/containers/${id}/${how}`);
      assert(performance.now() - begin < 2_000);
      const expected = how === "restart" ? "running 0" : `exited ${code}`;
      assert.equal(await engine.status(id), expected);
      await engine.succeeds("DELETE", `/containers/${id}?force=1`);
    });

  test("is ended at once by a stop that came while nobody knew yet", async () => {
    const id = await engine.run(["deaf"]);
    fill(id);
    await engine.succeeds("POST", `/containers/${id}/stop`);
    assert.equal(await engine.status(id), "exited 137");
  });

  test("refuses what was asked before, and ends what comes of it later", async () => {
    const id = await engine.run(["polite", "3"]);
    const asked = Promise.withResolvers<void>();
    const fault = { does: "answer late", after: async () => asked.promise } as const;
    engine.script.faults.plan("exec", fault, machineOf(id));
    const starting = exec(id, "sleep", "600");
    await delay(50);
    fill(id);
    assert.equal((await starting).status, 507);
    asked.resolve();
    free();
    await until("it goes on", async () => (await trouble(id)) === "");
    await until("the late one has gone", async () => {
      const { Processes } = await engine.succeeds("GET", `/containers/${id}/top`);
      return Array.isArray(Processes) && Processes.length === 1;
    });
    await engine.succeeds("DELETE", `/containers/${id}?force=1`);
  });

  test("has all the time it needs to write when its container ends", async () => {
    const id = await engine.run(["polite", "3"]);
    const written = Promise.withResolvers<void>();
    const board = engine.guestOf(id)?.board;
    const after = async () => {
      engine.free = { bytes: 0 };
      board?.fillDisk(true);
      await written.promise;
    };
    engine.script.faults.plan("shutDown", { does: "answer late", after }, machineOf(id));
    const stopping = engine.succeeds("POST", `/containers/${id}/stop?t=-1`);
    await standsStill(id);
    assert.equal((await engine.state(id))["Status"], "running");
    written.resolve();
    free();
    await stopping;
    assert.equal(await engine.status(id), "exited 3");
  });

  test("lets a paused container be taken out of its pause", async () => {
    const id = await engine.run(["polite", "3"]);
    await engine.succeeds("POST", `/containers/${id}/pause`);
    fill(id);
    await engine.succeeds("POST", `/containers/${id}/unpause`);
    await standsStill(id);
    free();
    await engine.succeeds("POST", `/containers/${id}/stop`);
    assert.match(await engine.status(id), /^exited/);
  });
});

suite("a daemon that comes to a full disk", () => {
  test("has a machine that stands still again when that goes on", async () => {
    const id = await held();
    await engine.endDaemon();
    await engine.startDaemon();
    assert.match(await trouble(id), reason);
    await refuses("POST", `${id}/exec`, { Cmd: ["true"] });
    for (const path of [`${id}/pause`, `${id}/unpause`]) await refuses("POST", path);
    free();
    await until("it is taken up", async () => (await trouble(id)) === "");
    assert.equal((await exec(id, "true")).status, 200);
    await engine.succeeds("POST", `/containers/${id}/stop`);
    assert.equal(await engine.status(id), "exited 3");
  });

  for (const how of ["stop", "kill"])
    test(`ends one by ${how}`, async () => {
      const id = await held();
      await engine.endDaemon();
      await engine.startDaemon();
      await engine.succeeds("POST", `/containers/${id}/${how}`);
      assert.equal(await engine.status(id), "exited 137");
      assert.equal(engine.guestOf(id), undefined);
      await engine.succeeds("DELETE", `/containers/${id}`);
    });

  test("removes one by force, also with --rm", async () => {
    const id = await engine.run(["polite", "3"], { HostConfig: { AutoRemove: true } });
    fill(id);
    await engine.endDaemon();
    await engine.startDaemon();
    await engine.succeeds("DELETE", `/containers/${id}?force=1`);
    assert.equal((await engine.api("GET", `/containers/${id}/json`)).status, 404);
  });
});

suite("a guest is told what the host's disk takes", () => {
  test("when that is little, when it changes, and when it has plenty again", async () => {
    const id = await engine.run(["sleep", "600"]);
    const told = () => engine.guestOf(id)?.spaceBytes;
    const totalBytes = 100 * 2 ** 30;
    engine.free = { bytes: 1096 * mebibyte, totalBytes };
    await until("it is told", () => told() === BigInt(1000 * mebibyte));
    engine.free = { bytes: 10 * mebibyte, totalBytes };
    await until("it is told that there is none", () => told() === 0n);
    engine.free = { bytes: 50 * 2 ** 30, totalBytes };
    await until("it is told that there is plenty", () => told() === 2n ** 64n - 1n);
    await engine.succeeds("DELETE", `/containers/${id}?force=1`);
  });

  test("also by a daemon that doesn't know what the last one said", async () => {
    const id = await engine.run(["sleep", "600"]);
    engine.free = { bytes: 0 };
    await until("it is told", () => engine.guestOf(id)?.spaceBytes === 0n);
    await engine.endDaemon();
    engine.free = { bytes: 50 * 2 ** 30, totalBytes: 100 * 2 ** 30 };
    await engine.startDaemon();
    await until("plenty", () => engine.guestOf(id)?.spaceBytes === 2n ** 64n - 1n);
    await engine.succeeds("DELETE", `/containers/${id}?force=1`);
  });
});

test("no template is made while space is short", async () => {
  await using other = await TestEngine.open({ templates: true });
  other.free = { bytes: 0 };
  const id = await other.run(["sleep", "600"]);
  const origin = async (name: string) => {
    const { Dvm } = await other.succeeds("GET", `/containers/${name}/json`);
    return asObject(asObject(Dvm)["Start"])["Origin"];
  };
  assert.equal(await origin(id), "cold");
  other.free = {};
  assert.equal(await origin(await other.run(["sleep", "600"])), "clone");
});

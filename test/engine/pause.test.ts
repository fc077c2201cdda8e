import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Program } from "../support/fake-machine/programs.ts";
import { TestEngine } from "../support/test-engine.ts";

const tick: Program = async ({ print, wait }) => {
  for (let count = 1; ; count += 1) {
    await print(`tick ${count}`);
    await wait(5);
  }
};

let engine: TestEngine;

before(async () => {
  engine = await TestEngine.open({ programs: { tick } });
});
after(() => engine?.[Symbol.asyncDispose]());

const post = (path: string) => engine.api("POST", `/containers/${path}`);

/** A container that is paused. */
async function paused(command: string[] = ["sleep", "600"]): Promise<string> {
  const id = await engine.run(command);
  await engine.succeeds("POST", `/containers/${id}/pause`);
  return id;
}

/** Its log, once nothing more comes. */
async function settledLogs(id: string): Promise<string> {
  const deadline = performance.now() + 5_000;
  for (;;) {
    const before = await engine.logs(id);
    await delay(60);
    if ((await engine.logs(id)) === before) return before;
    assert(performance.now() < deadline, "it goes on printing");
  }
}

test("a paused container stands still, and goes on where it was", async () => {
  const id = await engine.run(["tick"]);
  await engine.printed(id, "tick 3");
  await engine.succeeds("POST", `/containers/${id}/pause`);
  const state = await engine.state(id);
  assert.deepEqual([state["Status"], state["Running"], state["Paused"]], ["paused", true, true]);
  const still = await settledLogs(id);
  await engine.succeeds("POST", `/containers/${id}/unpause`);
  assert.equal(await engine.status(id), "running 0");
  const next = still.trimEnd().split("\n").length + 1;
  await engine.printed(id, `tick ${next}\n`);
  assert((await engine.logs(id)).startsWith(`${still}tick ${next}\n`));
  assert.deepEqual(await engine.events(id), ["create", "start", "pause", "unpause"]);
});

test("pausing twice, unpausing what isn't paused, and both of what doesn't run are refused", async () => {
  const id = await paused();
  assert.equal((await post(`${id}/pause`)).status, 409);
  await engine.succeeds("POST", `/containers/${id}/unpause`);
  assert.equal((await post(`${id}/unpause`)).status, 500);
  const idle = await engine.create(["true"]);
  assert.equal((await post(`${idle}/pause`)).status, 409);
  assert.equal((await post(`${idle}/unpause`)).status, 500);
});

test("a paused container is not started, attached to, nor given commands", async () => {
  const id = await paused();
  assert.equal((await post(`${id}/start`)).status, 409);
  assert.equal((await post(`${id}/attach?stream=1&stdout=1`)).status, 409);
  const exec = await engine.api("POST", `/containers/${id}/exec`, { Cmd: ["true"] });
  assert.equal(exec.status, 409);
  assert.match(String(exec.body["message"]), /is paused/);
});

test("a paused container is stopped in order: its program is asked first", async () => {
  const id = await engine.run(["polite", "7"]);
  await engine.printed(id, "ready");
  await engine.succeeds("POST", `/containers/${id}/pause`);
  await engine.succeeds("POST", `/containers/${id}/stop`);
  assert.equal(await engine.status(id), "exited 7");
  assert.equal(await engine.logs(id), "ready\nbye\n");
});

test("a signal has a paused container go on, unless it names another one to stop it", async () => {
  const any = await paused(["deaf", "1"]);
  await engine.succeeds("POST", `/containers/${any}/kill?signal=HUP`);
  await engine.printed(any, "signal 1");
  assert.equal(await engine.status(any), "running 0");
  assert.deepEqual(await engine.events(any), ["create", "start", "pause", "kill", "unpause"]);
  const own = await engine.run(["deaf", "1", "10"], { StopSignal: "USR1" });
  await engine.printed(own, "ready");
  await engine.succeeds("POST", `/containers/${own}/pause`);
  await engine.succeeds("POST", `/containers/${own}/kill?signal=HUP`);
  assert.equal(await engine.status(own), "paused 0");
  await engine.succeeds("POST", `/containers/${own}/kill?signal=USR1`);
  await engine.printed(own, "signal 10");
  assert.equal(await engine.status(own), "running 0");
});

test("what a paused container's guest knows is told, and it stands still as before", async () => {
  const id = await paused(["terminal"]);
  const top = await engine.succeeds("GET", `/containers/${id}/top`);
  assert.deepEqual(top["Titles"], [...["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]]);
  await engine.succeeds("POST", `/containers/${id}/resize?h=3&w=4`);
  const once = await engine.succeeds("GET", `/containers/${id}/stats?stream=0&one-shot=1`);
  assert.notEqual(once["memory_stats"], undefined);
  assert.equal((await engine.state(id))["Status"], "paused");
});

test("a paused container is killed, restarted and removed as one that runs", async () => {
  const killed = await paused();
  await engine.succeeds("POST", `/containers/${killed}/kill`);
  assert.equal(await engine.status(killed), "exited 137");
  assert.deepEqual(await engine.events(killed), ["create", "start", "pause", "kill", "die"]);
  const restarted = await paused();
  await engine.succeeds("POST", `/containers/${restarted}/restart`);
  assert.equal(await engine.status(restarted), "running 0");
  const removed = await paused();
  const refused = await engine.api("DELETE", `/containers/${removed}`);
  assert.equal(refused.status, 409);
  assert.match(String(refused.body["message"]), /container is paused/);
  await engine.succeeds("DELETE", `/containers/${removed}?force=1`);
  assert.equal((await engine.api("GET", `/containers/${removed}/json`)).status, 404);
});

test("files of a paused container are read, and it stands still as before", async () => {
  const id = await paused(["tick"]);
  const still = await settledLogs(id);
  assert.equal((await engine.client.files.stat(id, "/etc/motd")).name, "motd");
  assert((await settledLogs(id)).startsWith(still));
  assert.equal((await engine.state(id))["Status"], "paused");
});

test("a machine that dies while its container is paused ends it", async () => {
  const id = await paused();
  engine.guestOf(id)?.board.leave({ code: 1 });
  assert.equal(await engine.wait(id), 255);
  assert.match(String((await engine.state(id))["Error"]), /machine ended without an exit code/);
});

import assert from "node:assert/strict";
import { after, before, mock, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { ClockReading } from "../../src/agent/agent-types.ts";
import { bothClocks } from "../../src/base/both-clocks.ts";
import { TestEngine } from "../support/test-engine.ts";

let engine: TestEngine;

before(async () => {
  engine = await TestEngine.open();
});
after(() => engine?.[Symbol.asyncDispose]());

/** What the guest of a container was told of the time, once that was so often. */
async function settings(id: string, count: number): Promise<ClockReading[]> {
  const deadline = performance.now() + 5_000;
  for (;;) {
    const found = engine.guestOf(id)?.clockSettings ?? [];
    if (found.length >= count) return found;
    assert(performance.now() < deadline, `its clock was set ${found.length} times`);
    await delay(20);
  }
}

/** Where `performance.now()` begins, by the clock that a fake guest shows as its own. */
const beginMs = Math.min(
  ...Array.from({ length: 20 }, () => {
    const now = performance.now();
    return Number(process.hrtime.bigint()) / 1e6 - now;
  }),
);

/** The wall clock that the guest was told of for that instant was the host's. */
function assertRight({ guestNs, hostNs, doubtNs }: ClockReading): void {
  const { wallMs, atMs, doubtMs } = bothClocks();
  const ageMs = atMs + beginMs - Number(guestNs) / 1e6;
  const offMs = wallMs - ageMs - Number(hostNs) / 1e6;
  assert(Math.abs(offMs) <= doubtMs + Number(doubtNs) / 1e6, `${offMs} ms, of ${doubtNs} ns`);
}

test("a container that goes on after a pause has the right time before anything of it runs", async () => {
  const id = await engine.run(["sleep", "600"]);
  const order: string[] = [];
  const note = (name: string) => async () => void order.push(name);
  for (const at of ["setClock", "thaw"] as const)
    engine.script.faults.plan(at, { does: "answer late", after: note(at) });
  await engine.succeeds("POST", `/containers/${id}/pause`);
  await engine.succeeds("POST", `/containers/${id}/unpause`);
  engine.script.faults.clear();
  assert.deepEqual(order, ["setClock", "thaw"]);
  const [only, ...others] = await settings(id, 1);
  assert(only !== undefined && others.length === 0);
  assertRight(only);
});

test("who looks into a paused container's files finds its machine with the right time", async () => {
  const id = await engine.run(["sleep", "600"]);
  await engine.succeeds("POST", `/containers/${id}/pause`);
  assert.equal((await engine.client.files.stat(id, "/etc/motd")).name, "motd");
  assert.equal((await settings(id, 1)).length, 1);
});

test("a container that is paused in a machine with another leaves the clock as it is", async () => {
  const id = await engine.run(["sleep", "600"], { HostConfig: { Dvm: { Room: 1 } } });
  await engine.run(["sleep", "600"], { HostConfig: { NetworkMode: `container:${id}` } });
  await engine.succeeds("POST", `/containers/${id}/pause`);
  await engine.succeeds("POST", `/containers/${id}/unpause`);
  assert.deepEqual(await settings(id, 0), []);
});

test("a daemon sets the clocks of the machines that it takes up, those of paused ones later", async () => {
  const [awake, still] = [await engine.run(["sleep", "600"]), await engine.run(["sleep", "600"])];
  await engine.succeeds("POST", `/containers/${still}/pause`);
  await engine.endDaemon();
  await engine.startDaemon();
  assertRight((await settings(awake, 1)).at(-1) ?? assert.fail());
  await delay(50);
  assert.deepEqual(await settings(still, 0), []);
  await engine.succeeds("POST", `/containers/${still}/unpause`);
  assertRight((await settings(still, 1)).at(-1) ?? assert.fail());
});

test("after the host's clock has jumped, as by a suspend, all machines have its time in a second", async () => {
  const ids = [await engine.run(["sleep", "600"]), await engine.run(["sleep", "600"])];
  const real = Date.now;
  const later = mock.method(Date, "now", () => real() + 3_600_000);
  try {
    for (const id of ids) assertRight((await settings(id, 1)).at(-1) ?? assert.fail());
  } finally {
    later.mock.restore();
  }
  // and back
  for (const id of ids) assertRight((await settings(id, 2)).at(-1) ?? assert.fail());
});

test("nobody is woken for nothing: a machine that has just started isn't asked the time", async () => {
  const id = await engine.run(["sleep", "600"]);
  await delay(2_500);
  assert.deepEqual(await settings(id, 0), []);
});

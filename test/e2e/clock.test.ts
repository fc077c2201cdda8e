import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { clockAheadMs } from "../support/clock-ahead.ts";
import { TestDaemon } from "../support/test-daemon.ts";

const pausedMs = 3_000;
/** Tells both clocks ten times a second: nothing of it is held up but by the machine. */
const ticks =
  "import time\nwhile True: print(time.time(), time.monotonic(), flush=True); time.sleep(0.1)";
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start({ images: ["debian.docker.tar"], settings: { DVM_POOL: "0" } });
  const image = "dvm-fixture:debian";
  await daemon.succeeds(["run", "-d", "--name", "ticks", image, "python3", "-c", ticks]);
});
after(() => daemon?.[Symbol.asyncDispose]());

async function assertRight(): Promise<void> {
  const ahead = await clockAheadMs(daemon, ["exec", "-i", "ticks"]);
  assert(Math.abs(ahead) < 50, `${ahead} ms`);
}

interface Tick {
  wall: number;
  monotonic: number;
}

async function logged(): Promise<Tick[]> {
  const lines = (await daemon.succeeds(["logs", "ticks"])).trimEnd().split("\n");
  return lines.map((line) => {
    const [wall = NaN, monotonic = NaN] = line.split(" ").map(Number);
    return { wall: wall * 1000, monotonic: monotonic * 1000 };
  });
}

test("after a pause the wall clock is right, and the monotonic one has not jumped", async () => {
  await assertRight();
  const before = (await logged()).length;
  await daemon.succeeds(["pause", "ticks"]);
  await delay(pausedMs);
  await daemon.succeeds(["unpause", "ticks"]);
  await assertRight();
  const all = await logged();
  const steps = all.slice(1).map((tick, index) => {
    const last = all[index] ?? tick;
    return { wall: tick.wall - last.wall, monotonic: tick.monotonic - last.monotonic };
  });
  assert(steps.every(({ wall, monotonic }) => wall > 0 && monotonic > 0));
  // the program saw one jump, and no moment of the old time after it
  const jumps = steps.slice(before - 1).filter(({ wall, monotonic }) => wall - monotonic > 20);
  assert.equal(jumps.length, 1);
  const [jump] = jumps;
  assert(jump !== undefined && jump.wall > pausedMs, JSON.stringify(jump));
  assert(jump.monotonic < pausedMs, JSON.stringify(jump));
});

test("a machine whose daemon went while it was paused has the right time too", async () => {
  await daemon.succeeds(["pause", "ticks"]);
  await daemon.endProcess("SIGKILL");
  await delay(pausedMs);
  await daemon.startProcess();
  await daemon.succeeds(["unpause", "ticks"]);
  await assertRight();
});

test("a machine whose VMM was stopped by a signal has the right time when it goes on", async () => {
  const [pid = NaN] = await daemon.machineProcesses();
  process.kill(pid, "SIGSTOP");
  await delay(pausedMs);
  process.kill(pid, "SIGCONT");
  await assertRight();
});

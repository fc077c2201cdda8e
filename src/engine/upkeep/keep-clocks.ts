import { bothClocks, type BothClocks } from "../../base/both-clocks.ts";
import type { Engine } from "../core.ts";
import type { RunningMachine } from "../runs.ts";

/** How often the host's own clock is looked at: so long a guest's may be wrong after a suspend. */
const lookMs = 1_000;
/** The host's wall clock has left its monotonic one: it was set, or the host was suspended. */
const jumpMs = 10;
/** This process stood still, and its machines perhaps with it. */
const lateMs = 5_000;
/** A machine's clock drifts by some millionths: the less it does, the less often it is woken. */
const firstCheckMs = 60_000;
const longestCheckMs = 16 * firstCheckMs;
const driftMs = 5;

interface Check {
  dueAt: number;
  intervalMs: number;
  isUnderWay: boolean;
}

/**
 * Keeps the wall clocks of all machines right: those of an earlier daemon at once, all after the host
 * was suspended or its clock set, and each one now and then, as clocks drift.
 */
export function keepClocks({ machines }: Pick<Engine, "machines">): Disposable {
  const checks = new Map<RunningMachine, Check>();
  const begin = performance.now();
  for (const machine of machines.running())
    checks.set(machine, { dueAt: begin, intervalMs: firstCheckMs, isUnderWay: false });
  let last = bothClocks();
  const look = () => {
    const now = bothClocks();
    const isOff = hasJumped(last, now) || now.atMs - last.atMs > lateMs;
    last = now;
    checkAll(machines.running(), checks, { at: now.atMs, isOff });
  };
  const timer = setInterval(look, lookMs).unref();
  look();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** The monotonic clock stands still while the host is suspended. */
function hasJumped(last: BothClocks, now: BothClocks): boolean {
  const apartMs = now.wallMs - last.wallMs - (now.atMs - last.atMs);
  return Math.abs(apartMs) > jumpMs + last.doubtMs + now.doubtMs;
}

function checkAll(
  running: RunningMachine[],
  checks: Map<RunningMachine, Check>,
  { at, isOff }: { at: number; isOff: boolean },
): void {
  const isGone = (machine: RunningMachine) => !running.includes(machine);
  for (const machine of [...checks.keys()].filter(isGone)) checks.delete(machine);
  for (const machine of running) {
    const fresh = { dueAt: at + firstCheckMs, intervalMs: firstCheckMs, isUnderWay: false };
    const check = checks.get(machine) ?? fresh;
    checks.set(machine, check);
    if (isOff) check.dueAt = at;
    if (check.dueAt <= at && !check.isUnderWay) void checkOne(machine, check);
  }
}

/** One that stands still answers when it goes on, and has the right time then. */
async function checkOne(machine: RunningMachine, check: Check): Promise<void> {
  check.isUnderWay = true;
  check.dueAt = Infinity;
  try {
    const behindMs = await machine.agent.correctClock();
    const isSteady = Math.abs(behindMs) < driftMs;
    check.intervalMs = isSteady ? Math.min(2 * check.intervalMs, longestCheckMs) : firstCheckMs;
  } catch {
    // it has gone, or is about to: who supervises it tells
  }
  check.isUnderWay = false;
  check.dueAt = Math.min(check.dueAt, performance.now() + check.intervalMs);
}

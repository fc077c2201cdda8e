import { setTimeout as delay } from "node:timers/promises";
import { attempt } from "../peers/attempt.ts";
import { allDone } from "../measure/all-done.ts";
import { timed } from "../measure/timed.ts";
import { availableBytes, proportionalBytes } from "../measure/memory.ts";
import type { ContainerEngine } from "../peers/container-engine.ts";
import { small } from "../peers/fixture.ts";
import type { Figure, Row } from "../report/figure.ts";
import { createIdle } from "./api-run.ts";
import { checkOrigin } from "./check-origin.ts";
import type { Bench } from "./section.ts";
import { warm } from "./warm.ts";

const sizes = [1, 10, 50, 100];
const quickSizes = [1, 10];
/** Starts that are under way at the same time. */
const inFlight = 4;
/** What starting has left to do shall not count as idling. */
const settleMs = 5_000;
const bytesPerMB = 1e6;

interface Fleet {
  of: string;
  size: number;
  startMs: number;
  /** Bytes of all together. */
  proportional: number;
  daemon: number;
  /** What the host has less available. */
  taken: number;
}

/** N idle containers: how long starting them takes by the API, and what they cost the host. */
export async function idleFleet(bench: Bench): Promise<Row[]> {
  const clone = await bench.contenders.clone();
  await clone.warmUp(small);
  let docker = await warm(await bench.contenders.docker(), small);
  const fleets: Fleet[] = [];
  for (const size of bench.quick ? quickSizes : sizes) {
    fleets.push(await measure(bench, clone, size));
    if ("reason" in docker) continue;
    const { peer } = docker;
    const theirs = await attempt(peer.name, () => measure(bench, peer, size));
    if ("reason" in theirs) docker = theirs;
    else fleets.push(theirs.peer);
  }
  const gaps =
    "reason" in docker ? [{ section: "idle" as const, what: what.start, ...docker }] : [];
  return [...describe(fleets), ...gaps];
}

async function measure(
  { signal, say }: Bench,
  engine: ContainerEngine,
  size: number,
): Promise<Fleet> {
  say(`${engine.name}: ${size} idle`);
  await engine.settle();
  const before = await availableBytes();
  const others = new Set((await engine.processes()).containers);
  const ids: string[] = [];
  try {
    const startMs = await timed(() => startAll(engine, { size, signal, ids }));
    await delay(settleMs, undefined, { signal });
    await checkOrigin(engine, ids);
    const { containers, daemon } = await engine.processes();
    return {
      of: engine.name,
      size,
      startMs,
      proportional: await proportionalBytes(containers.filter((pid) => !others.has(pid))),
      daemon: await proportionalBytes(daemon),
      taken: before - (await availableBytes()),
    };
  } finally {
    await engine.commandLine.remove(...ids);
  }
}

async function startAll(
  engine: ContainerEngine,
  { size, signal, ids }: { size: number; signal: AbortSignal; ids: string[] },
): Promise<void> {
  let left = size;
  const worker = async () => {
    while (left > 0) {
      signal.throwIfAborted();
      left -= 1;
      const id = await createIdle(engine);
      ids.push(id);
      await engine.client.containers.start(id);
    }
  };
  await allDone(Array.from({ length: inFlight }, worker));
}

const what = {
  start: `start N idle, ${inFlight} at a time`,
  each: "PSS of each idle",
  marginal: "PSS of one more idle",
  taken: "less available memory of the host, each idle",
  daemon: "PSS of the daemon beside N idle",
};

function describe(fleets: readonly Fleet[]): Figure[] {
  const figures = (
    name: keyof typeof what,
    some: readonly Fleet[],
    value: (fleet: Fleet) => number,
  ): Figure[] =>
    some.map((fleet) => ({
      ...{ section: "idle", what: what[name], of: fleet.of, scale: `N = ${fleet.size}` },
      unit: name === "start" ? "ms" : "MB",
      values: [name === "start" ? value(fleet) : value(fleet) / bytesPerMB],
    }));
  const many = fleets.filter(({ size }) => size > 1);
  const single = (of: string) =>
    fleets.find((fleet) => fleet.of === of && fleet.size === 1)?.proportional ?? Number.NaN;
  return [
    ...figures("start", fleets, ({ startMs }) => startMs),
    ...figures("each", fleets, ({ proportional, size }) => proportional / size),
    ...figures(
      "marginal",
      many,
      ({ of, proportional, size }) => (proportional - single(of)) / (size - 1),
    ),
    // of a single one it would be lost in what else the host does
    ...figures("taken", many, ({ taken, size }) => taken / size),
    ...figures("daemon", fleets, ({ daemon }) => daemon),
  ];
}

import { setTimeout as delay } from "node:timers/promises";
import { attempt } from "../peers/attempt.ts";
import type { Absent } from "../peers/peer.ts";

/** One of those who do the same work. */
export interface Turn {
  of: string;
  /** Does the work once, and gives what it took; what is to be waited for before lies outside. */
  measure(): Promise<number>;
  /** Ours: its failure ends the benchmark. A peer that fails is left out, with the reason. */
  mustWork: boolean;
}

export type Outcome = { of: string; values: number[] } | Absent;

/** What the one before leaves to be done (network devices, mounts, processes) shall not cost the next. */
const restMs = 150;

/**
 * Lets all do the work once, which doesn't count, and then `times` times, one after the other, so that
 * all see the same noise. Each round begins with another one.
 */
export async function inTurns(
  entries: readonly (Turn | Absent)[],
  { times, signal }: { times: number; signal: AbortSignal },
): Promise<Outcome[]> {
  const outcomes = new Map<string, Outcome>(
    entries.map((one) => [one.of, "reason" in one ? one : { of: one.of, values: [] }]),
  );
  const turns = entries.filter((one) => "measure" in one);
  for (let round = -1; round < times; round += 1) {
    for (const turn of rotated(turns, Math.max(0, round))) {
      const outcome = outcomes.get(turn.of);
      if (outcome === undefined || "reason" in outcome) continue;
      await delay(restMs, undefined, { signal });
      const result = turn.mustWork
        ? { peer: await turn.measure() }
        : await attempt(turn.of, () => turn.measure());
      if ("reason" in result) outcomes.set(turn.of, result);
      else if (round >= 0) outcome.values.push(result.peer);
    }
  }
  return [...outcomes.values()];
}

function rotated<T>(list: readonly T[], by: number): T[] {
  const at = by % Math.max(1, list.length);
  return [...list.slice(at), ...list.slice(0, at)];
}

import { z } from "zod";

const probeSchema = z.object({
  /** RFC 3339 with nanoseconds. */
  start: z.string(),
  end: z.string(),
  exitCode: z.number(),
  output: z.string(),
});
export type Probe = z.infer<typeof probeSchema>;

/** How a container that is checked is, or was when it ran last. */
export const healthSchema = z.object({
  status: z.enum(["starting", "healthy", "unhealthy"]),
  failingStreak: z.number(),
  /** The last probes, those of earlier runs, too. */
  log: z.array(probeSchema),
  /** How many results of this run are in it, or were. */
  results: z.number(),
});
export type Health = z.infer<typeof healthSchema>;

const keptProbes = 5;

/** Of a run that begins: as Docker does, the log goes on. */
export function healthAtStart(before: Health | undefined): Health {
  return { status: "starting", failingStreak: 0, log: before?.log ?? [], results: 0 };
}

/** As Docker has it, who is not checked any more is not healthy. */
export function healthUnchecked(before: Health | undefined): { health?: Health } {
  return before === undefined ? {} : { health: { ...before, status: "unhealthy" } };
}

interface News {
  status: Health["status"];
  failures: number;
  results: number;
  /** The last ones, the oldest first. */
  last: Probe[];
}

/** After what was told of this run; without a new result nothing is different. */
export function healthAfter(before: Health, { status, failures, results, last }: News): Health {
  const fresh = results - before.results;
  if (fresh <= 0) return before;
  const log = [...before.log, ...last.slice(-fresh)].slice(-keptProbes);
  return { status, failingStreak: failures, log, results };
}

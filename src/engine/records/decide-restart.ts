import { z } from "zod";
import type { HostConfig } from "./docker-request.ts";

/** What a restart policy remembers of a container. */
export const restartRecordSchema = z.object({
  /** How long the last restart was waited for; 0: there was none. */
  delayMs: z.number(),
  /** Somebody sent it a signal since it was started. */
  isStoppedByHand: z.boolean(),
  /** What somebody sent it was to end it: no policy starts it again before somebody does. */
  isFinal: z.boolean(),
});
export type RestartRecord = z.infer<typeof restartRecordSchema>;

/** Of a container that somebody starts. */
export const noRestarts: RestartRecord = { delayMs: 0, isStoppedByHand: false, isFinal: false };

const firstDelayMs = 100;
const longestDelayMs = 60_000;
/** Who ran so long is waited for no longer than the first time. */
const steadyMs = 10_000;

interface Restartable {
  request: { hostConfig: Pick<HostConfig, "RestartPolicy"> };
  restartCount: number;
  restart: RestartRecord;
}

interface End {
  exitCode: number;
  ranMs: number;
}

/** Whether a container that has ended is started again: what is remembered then; undefined: it is not. */
export function decideRestart(
  record: Restartable,
  { exitCode, ranMs }: End,
): RestartRecord | undefined {
  const { restart } = record;
  if (restart.isFinal || !isWanted(record, exitCode)) return undefined;
  const before = ranMs >= steadyMs ? 0 : restart.delayMs;
  const delayMs = before === 0 ? firstDelayMs : Math.min(2 * before, longestDelayMs);
  return { ...restart, delayMs };
}

/** Whether one that has ended is started when a daemon comes. */
export function startsWithDaemon(record: Restartable, exitCode: number): boolean {
  return isWanted(record, exitCode);
}

function isWanted({ request, restartCount, restart }: Restartable, exitCode: number): boolean {
  const { Name, MaximumRetryCount } = request.hostConfig.RestartPolicy;
  switch (Name) {
    case "always":
      return true;
    case "unless-stopped":
      return !restart.isStoppedByHand;
    case "on-failure":
      return exitCode !== 0 && (MaximumRetryCount === 0 || restartCount < MaximumRetryCount);
    default:
      return false;
  }
}

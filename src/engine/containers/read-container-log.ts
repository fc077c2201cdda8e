import { setTimeout as delay } from "node:timers/promises";
import { DvmError } from "../../base/errors.ts";
import { hasEnded, type Engine } from "../core.ts";
import { isUp, type ContainerRecord } from "../records.ts";
import { logSettings, readLog, type LogLine } from "../runs.ts";

interface LogReading {
  /** Goes on until the container's run has ended. */
  follow?: boolean;
  tail?: number | undefined;
  since?: string | undefined;
  until?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** What a container said, oldest first; of a driver that keeps nothing it can't be had. */
export function readContainerLog(
  engine: Engine,
  record: ContainerRecord,
  { follow = false, ...reading }: LogReading,
): AsyncGenerator<LogLine[]> {
  requireReadable(record);
  const { feed } = engine.streams(record.id);
  const follows = follow && isUp(record);
  return readLog(engine.logPath(record.id), {
    ...reading,
    feed,
    follow: follows ? { ended: endOf(engine, record.id, reading) } : undefined,
  });
}

/** What was said in time is written in so long. */
const graceMs = 200;
const longestTimerMs = 2 ** 31 - 1;

/** The run's end, or the last moment that is wanted, should the container be silent then. */
function endOf(engine: Engine, id: string, { until, signal }: LogReading): Promise<unknown> {
  const ended = engine.containers.waitFor(id, hasEnded, signal);
  const leftMs = until === undefined ? Infinity : Date.parse(until) - Date.now() + graceMs;
  if (leftMs > longestTimerMs) return ended;
  const late = delay(Math.max(0, leftMs), undefined, { ref: false, ...(signal && { signal }) });
  return Promise.race([ended, late]);
}

function requireReadable({ request }: ContainerRecord): void {
  const { LogConfig } = request.hostConfig;
  try {
    if (logSettings(LogConfig).files !== undefined) return;
  } catch (error) {
    const code = LogConfig.Type === "local" ? "invalid" : "unavailable";
    throw new DvmError(code, error instanceof Error ? error.message : String(error));
  }
  throw new DvmError("unsupported", "configured logging driver does not support reading");
}

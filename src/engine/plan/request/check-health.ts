import { DvmError } from "../../../base/errors.ts";
import type { Healthcheck } from "../../../base/health-fields.ts";

const leastNs = 1e6;

/** In dockerd's order and words (daemon/container.go). Zero stands for the default. */
export function checkHealth(health: Healthcheck | null): void {
  if (health === null) return;
  if (health.Test?.length === 1 && health.Test[0] === "CMD")
    throw new DvmError("invalid", "the command of a health check is missing"); // dockerd ends by it
  requireTime("Interval", health.Interval);
  requireTime("Timeout", health.Timeout);
  if ((health.Retries ?? 0) < 0)
    throw new DvmError("invalid", "Retries in Healthcheck cannot be negative");
  requireTime("StartPeriod", health.StartPeriod);
  requireTime("StartInterval", health.StartInterval);
}

function requireTime(name: string, nanoseconds = 0): void {
  if (nanoseconds !== 0 && nanoseconds < leastNs)
    throw new DvmError("invalid", `${name} in Healthcheck cannot be less than 1ms`);
}

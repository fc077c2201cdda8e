import type { ContainerConfig } from "./docker-request.ts";
import type { RunSpecification } from "./run-specification.ts";

const second = 1e9;
/** Docker's (daemon/health.go). */
const defaults = { interval: 30 * second, timeout: 30 * second, startInterval: 5 * second };
const defaultRetries = 3;
const defaultShell = ["/bin/sh", "-c"];

/** The check of a container's health; undefined: there is none, or of a kind that nobody knows. */
export function specifyHealth({
  Healthcheck,
  Shell,
}: Pick<ContainerConfig, "Healthcheck" | "Shell">): RunSpecification["health"] {
  const [kind, ...words] = Healthcheck?.Test ?? [];
  if (Healthcheck === null || (kind !== "CMD" && kind !== "CMD-SHELL")) return undefined;
  if (kind === "CMD" && words.length === 0) return undefined;
  const shell = Shell === null || Shell.length === 0 ? defaultShell : Shell;
  return {
    args: kind === "CMD" ? words : [...shell, ...words],
    intervalNs: Healthcheck.Interval ?? defaults.interval,
    timeoutNs: Healthcheck.Timeout ?? defaults.timeout,
    startPeriodNs: Healthcheck.StartPeriod ?? 0,
    startIntervalNs: Healthcheck.StartInterval ?? defaults.startInterval,
    retries: Healthcheck.Retries ?? defaultRetries,
  };
}

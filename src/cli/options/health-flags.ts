import { DvmError } from "../../base/errors.ts";
import { parseDuration } from "../../base/parse-duration.ts";
import type { JsonObject } from "../../client/json.ts";
import type { Flag, ParsedFlags } from "../flags.ts";
import { boolean, checked, integer, text } from "./flag-kinds.ts";

const duration = (name: string, summary: string): Flag =>
  checked(text(name, "duration", summary), parseDuration);

export const healthFlags: readonly Flag[] = [
  text("health-cmd", "string", "Command to run to check health"),
  duration("health-interval", "Time between running the check (ms|s|m|h) (default 0s)"),
  integer("health-retries", "Consecutive failures needed to report unhealthy"),
  duration("health-start-interval", "Time between checks during the start period (ms|s|m|h)"),
  duration("health-start-period", "Start period for the container to initialize (ms|s|m|h)"),
  duration("health-timeout", "Maximum time to allow one check to run (ms|s|m|h) (default 0s)"),
  boolean("no-healthcheck", "Disable any container-specified HEALTHCHECK"),
];

const fields: readonly [flag: string, field: string][] = [
  ["health-interval", "Interval"],
  ["health-timeout", "Timeout"],
  ["health-start-period", "StartPeriod"],
  ["health-start-interval", "StartInterval"],
];

/** Config.Healthcheck; undefined leaves the image's. */
export function healthcheck(flags: ParsedFlags): JsonObject | undefined {
  const command = flags.text("health-cmd") ?? "";
  const retries = flags.integer("health-retries") ?? 0;
  const durations = fields.map(([flag, field]): [string, string, number] => {
    const given = flags.text(flag);
    return [flag, field, given === undefined ? 0 : parseDuration(given)];
  });
  const isAsked = command !== "" || retries !== 0 || durations.some(([, , value]) => value !== 0);
  if (flags.boolean("no-healthcheck")) {
    if (isAsked)
      throw new DvmError("invalid", "--no-healthcheck conflicts with --health-* options");
    return { Test: ["NONE"] };
  }
  if (!isAsked) return undefined;
  for (const [flag, value] of [["health-retries", retries], ...durations.map(([f, , v]) => [f, v])])
    if (Number(value) < 0) throw new DvmError("invalid", `--${flag} cannot be negative`);
  return {
    ...(command === "" ? {} : { Test: ["CMD-SHELL", command] }),
    ...Object.fromEntries(durations.map(([, field, value]) => [field, value])),
    Retries: retries,
  };
}

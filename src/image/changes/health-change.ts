import { DvmError } from "../../base/errors.ts";
import { parseDuration } from "../../base/parse-duration.ts";
import { jsonStrings } from "./json-strings.ts";

/** `Healthcheck` of an image's configuration; durations in nanoseconds. */
export interface HealthChange {
  Test: string[];
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  StartInterval?: number;
  Retries?: number;
}

const durations: Record<string, "Interval" | "Timeout" | "StartPeriod" | "StartInterval"> = {
  interval: "Interval",
  timeout: "Timeout",
  "start-period": "StartPeriod",
  "start-interval": "StartInterval",
};
const leastNanoseconds = 1e6;

/** HEALTHCHECK of a Dockerfile, in whose words it fails. */
export function healthChange(text: string): HealthChange {
  const { flags, value } = leadingFlags(text);
  const [, kind = "", rest = ""] = /^(\S+)\s*(.*)$/s.exec(value) ?? [];
  if (kind === "") throw new DvmError("invalid", "HEALTHCHECK requires at least one argument");
  const type = kind.toUpperCase();
  if (type === "NONE") {
    if (rest !== "") throw new DvmError("invalid", "HEALTHCHECK NONE takes no arguments");
    return { Test: ["NONE"] };
  }
  const check: HealthChange = { Test: [] };
  for (const [name, given] of flags) applyFlag(check, name, given);
  if (type !== "CMD")
    throw new DvmError("invalid", `Unknown type ${JSON.stringify(type)} in HEALTHCHECK (try CMD)`);
  const words = jsonStrings(rest);
  if (rest === "" || words?.length === 0)
    throw new DvmError("invalid", "Missing command after HEALTHCHECK CMD");
  return { ...check, Test: words === undefined ? ["CMD-SHELL", rest] : ["CMD", ...words] };
}

function leadingFlags(text: string): { flags: [string, string][]; value: string } {
  const flags: [string, string][] = [];
  let value = text;
  for (;;) {
    const [whole, name = "", given = ""] = /^--([^\s=]*)(?:=(\S*))?\s*/.exec(value) ?? [];
    if (whole === undefined) return { flags, value };
    if (name !== "retries" && durations[name] === undefined)
      throw new DvmError("invalid", `unknown flag: --${name}`);
    flags.push([name, given]);
    value = value.slice(whole.length);
  }
}

function applyFlag(check: HealthChange, name: string, given: string): void {
  const field = durations[name];
  if (field === undefined) {
    const retries = /^[+-]?\d+$/.test(given) ? Number(given) : undefined;
    if (given !== "" && retries === undefined)
      throw new DvmError(
        "invalid",
        `strconv.ParseInt: parsing ${JSON.stringify(given)}: invalid syntax`,
      );
    if (retries !== undefined && retries < 0)
      throw new DvmError("invalid", `--retries cannot be negative (${retries})`);
    if (retries !== undefined && retries > 0) check.Retries = retries;
    return;
  }
  const duration = given === "" ? 0 : parseDuration(given);
  if (duration === 0) return;
  if (duration < leastNanoseconds)
    throw new DvmError("invalid", `Interval ${JSON.stringify(name)} cannot be less than 1ms`);
  check[field] = duration;
}

import { DvmError } from "./errors.ts";

const nanoseconds: Record<string, number> = {
  ...{ ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6 },
  ...{ s: 1e9, m: 60e9, h: 3600e9 },
};

/** Nanoseconds of `1m30s`, `1.5h`, `-5ms`, `0`, as Go's time.ParseDuration reads them, in its words. */
export function parseDuration(text: string): number {
  const invalid = () => new DvmError("invalid", `time: invalid duration ${JSON.stringify(text)}`);
  const [, sign = "", rest = ""] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (rest === "0") return 0;
  if (rest === "") throw invalid();
  let left = rest;
  let sum = 0;
  while (left !== "") {
    const [part = "", number = ""] = /^(\d+\.?\d*|\.\d+)/.exec(left) ?? [];
    if (part === "") throw invalid();
    left = left.slice(part.length);
    const unit = /^[^.\d]+/.exec(left)?.[0];
    if (unit === undefined)
      throw new DvmError("invalid", `time: missing unit in duration ${JSON.stringify(text)}`);
    const size = nanoseconds[unit];
    if (size === undefined)
      throw new DvmError(
        "invalid",
        `time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`,
      );
    sum += Number(number) * size;
    left = left.slice(unit.length);
  }
  return Math.round(sign === "-" ? -sum : sum);
}

import { constants } from "node:os";
import { DvmError } from "../../base/errors.ts";

/** Linux: SIGRTMIN as glibc programs see it; SIGRTMAX is 64. */
const realTimeFirst = 34;
const realTimeLast = 64;

/** The number of a signal given as `SIGTERM`, `term`, `15` or `SIGRTMIN+3`. */
export function signalNumber(text: string): number {
  const number = /^[+-]?\d+$/.test(text) ? Number(text) : byName(text.toUpperCase());
  if (number === undefined || number === 0)
    throw new DvmError("invalid", `invalid signal: ${text}`);
  if (number < 1 || number > realTimeLast)
    throw new DvmError("invalid", `the linux daemon does not support signal ${number}`);
  return number;
}

function byName(upper: string): number | undefined {
  const name = upper.startsWith("SIG") ? upper : `SIG${upper}`;
  const realTime = /^SIGRTM(IN|AX)(?:([+-])(\d+))?$/.exec(name);
  if (realTime !== null) {
    const base = realTime[1] === "IN" ? realTimeFirst : realTimeLast;
    return base + Number(realTime[3] ?? 0) * (realTime[2] === "-" ? -1 : 1);
  }
  const known: Record<string, number> = constants.signals;
  return known[name];
}

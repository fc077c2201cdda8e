import { DvmError } from "../base/errors.ts";
import { parseGoInteger } from "../base/go-numbers.ts";
import { timestampOfNs } from "../base/timestamps.ts";

/** Of RFC 3339 with four digits for the year, as stored lines have it. */
const lastSecond = 253_402_300_799n;
const nanosecondDigits = 9;

/**
 * Unix seconds, with a fraction after a point, as Docker's API gives moments → RFC 3339. `0` and
 * nothing mean no limit. What is none is dockerd's own fault, by its status.
 */
export function logMoment(value: string | undefined): string | undefined {
  if (value === undefined || value === "" || value === "0") return undefined;
  const [whole, fraction] = splitOnce(value);
  const seconds = integer(whole);
  const nanoseconds =
    fraction === undefined
      ? 0n
      : integer(fraction) *
        10n ** BigInt(nanosecondDigits - Math.min(nanosecondDigits, fraction.length));
  if (seconds < 0n) return undefined;
  return timestampOfNs((seconds > lastSecond ? lastSecond : seconds) * 10n ** 9n + nanoseconds);
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf(".");
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function integer(text: string): bigint {
  try {
    return parseGoInteger(text);
  } catch (error) {
    throw new DvmError("unavailable", error instanceof Error ? error.message : String(error));
  }
}

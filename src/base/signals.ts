import { constants } from "node:os";
import { DvmError } from "./errors.ts";

/** Linux: SIGRTMIN as glibc programs see it; SIGRTMAX is 64. */
const realTimeFirst = 34;
const realTimeLast = 64;
/** How far docker counts from each end. */
const afterFirst = 15;
const beforeLast = 14;

/** Docker's table (moby/sys/signal), by names without SIG. */
const numbers = new Map<string, number>([
  ...Object.entries(constants.signals).map(
    ([name, number]) => [name.slice("SIG".length), number] as const,
  ),
  ["CLD", constants.signals.SIGCHLD],
  ...Array.from(
    { length: afterFirst + 1 },
    (_, at) => [at === 0 ? "RTMIN" : `RTMIN+${at}`, realTimeFirst + at] as const,
  ),
  ...Array.from(
    { length: beforeLast + 1 },
    (_, at) => [at === 0 ? "RTMAX" : `RTMAX-${at}`, realTimeLast - at] as const,
  ),
]);
numbers.delete("UNUSED");
const supported = new Set(numbers.values());

const unnamed = "TERM";

/** The number of a signal given as `SIGTERM`, `term`, `15` or `SIGRTMIN+3`, as docker reads it. */
export function signalNumber(text: string): number {
  const number = parseSignal(text);
  if (!supported.has(number))
    throw new DvmError("invalid", `the linux daemon does not support signal ${number}`);
  return number;
}

/** As `signalNumber`, without asking whether there is such a number. */
export function parseSignal(text: string): number {
  const number = /^[+-]?\d+$/.test(text)
    ? Number(text)
    : numbers.get(text.toUpperCase().replace(/^SIG/, ""));
  if (number === undefined || number === 0 || !Number.isSafeInteger(number))
    throw new DvmError("invalid", `invalid signal: ${text}`);
  return number;
}

/** What ends a container, by its own setting; as docker has it, SIGTERM for what names no signal. */
export function stopSignal(text: string): number {
  try {
    return parseSignal(text || unnamed);
  } catch {
    return parseSignal(unnamed);
  }
}

export function isSupported(signal: number): boolean {
  return supported.has(signal);
}

import { DvmError } from "./errors.ts";

const unitSeconds: Record<string, number> = {
  h: 3600,
  m: 60,
  s: 1,
  ms: 1e-3,
  us: 1e-6,
  ns: 1e-9,
};

/** `1h30m` ago, a Unix time, or a date, as `--since` takes them → Unix seconds with a fraction. */
export function parseMoment(text: string, nowMs = Date.now()): string {
  if (/^\d+(\.\d+)?$/.test(text)) return text;
  const seconds = parseDuration(text);
  if (seconds !== undefined) return (nowMs / 1000 - seconds).toFixed(3);
  // a date alone would count as UTC, docker takes it as local
  const local = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00` : text;
  const milliseconds = /^\d{4}-\d\d-\d\d/.test(local) ? Date.parse(local) : Number.NaN;
  if (Number.isNaN(milliseconds))
    throw new DvmError("invalid", `"${text}" is neither a time nor a duration such as 10m`);
  return (milliseconds / 1000).toFixed(3);
}

/** Go's durations: `1h2m3.5s`, in seconds. */
function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(h|ms|us|ns|m|s))+$/.test(text)) return undefined;
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(h|ms|us|ns|m|s)/g);
  let total = 0;
  for (const [, amount, unit = ""] of parts) total += Number(amount) * (unitSeconds[unit] ?? 0);
  return total;
}

import { DvmError } from "./errors.ts";

const unitBytes: Record<string, number> = {
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
  p: 1024 ** 5,
};

/** `512m`, `1.5GiB`, `1024` → bytes, with binary units as docker's `--memory` has them. */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([bkmgtp])?(?:i?b)?$/i.exec(text);
  const bytes = Math.floor(Number(match?.[1]) * (unitBytes[match?.[2]?.toLowerCase() ?? "b"] ?? 1));
  if (match === null || !Number.isSafeInteger(bytes))
    throw new DvmError("invalid", `invalid size: '${text}'`);
  return bytes;
}

/** `1.5` → 1500000000, the API's NanoCpus. */
export function parseCpus(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d{1,9})?$/.test(text) || !Number.isFinite(value))
    throw new DvmError("invalid", `failed to parse ${text} as a rational number`);
  return Math.round(value * 1e9);
}

import { DvmError } from "../../base/errors.ts";
import { formatText } from "./printf.ts";
import { isTrue, renderValue } from "./values.ts";

export type TemplateFunction = (...values: unknown[]) => unknown;

/** text/template's own functions and docker's additions. */
export const templateFunctions: Record<string, TemplateFunction> = {
  and: (...values) => (values.every(isTrue) ? values.at(-1) : values.find((one) => !isTrue(one))),
  or: (...values) => (values.some(isTrue) ? values.find(isTrue) : values.at(-1)),
  not: (value) => !isTrue(value),
  eq: (first, ...others) => others.some((other) => first === other),
  ne: (first, second) => first !== second,
  lt: (first, second) => compare(first, second) < 0,
  le: (first, second) => compare(first, second) <= 0,
  gt: (first, second) => compare(first, second) > 0,
  ge: (first, second) => compare(first, second) >= 0,
  index: (value, ...keys) => keys.reduce(element, value),
  slice: (value, start, end) => slice(value, start, end),
  len: (value) => length(value),
  json: (value) => JSON.stringify(value ?? null),
  join: (list, separator) => items(list).map(renderValue).join(text(separator)),
  split: (value, separator) => text(value).split(text(separator)),
  lower: (value) => text(value).toLowerCase(),
  upper: (value) => text(value).toUpperCase(),
  title: (value) => text(value).replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase()),
  pad: (value, before, after) =>
    text(value) === "" ? "" : " ".repeat(whole(before)) + text(value) + " ".repeat(whole(after)),
  truncate: (value, count) => text(value).slice(0, whole(count)),
  print: (...values) => values.map(renderValue).join(""),
  println: (...values) => `${values.map(renderValue).join(" ")}\n`,
  printf: (format, ...values) => formatText(text(format), values),
};

function element(value: unknown, key: unknown): unknown {
  if (Array.isArray(value)) {
    const at = whole(key);
    if (at < 0 || at >= value.length)
      throw new DvmError("invalid", `index out of range: ${at} of ${value.length}`);
    return value[at];
  }
  if (typeof value === "object" && value !== null && typeof key === "string")
    return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : "";
  throw new DvmError("invalid", `cannot index ${renderValue(value)} by ${renderValue(key)}`);
}

function slice(value: unknown, start: unknown, end: unknown): unknown {
  const from = start === undefined ? 0 : whole(start);
  const to = end === undefined ? length(value) : whole(end);
  if (from < 0 || to < from || to > length(value))
    throw new DvmError("invalid", `index out of range: ${from}:${to} of ${length(value)}`);
  return typeof value === "string" ? value.slice(from, to) : items(value).slice(from, to);
}

function length(value: unknown): number {
  if (value === null) return 0;
  if (typeof value === "string") return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (typeof value === "object") return Object.keys(value).length;
  throw new DvmError("invalid", `${renderValue(value)} has no length`);
}

function items(value: unknown): unknown[] {
  if (value === null) return [];
  if (Array.isArray(value)) return value;
  throw new DvmError("invalid", `${renderValue(value)} is no list`);
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  throw new DvmError("invalid", `${renderValue(value)} is no text`);
}

function whole(value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value)) return value;
  throw new DvmError("invalid", `${renderValue(value)} is no whole number`);
}

function compare(first: unknown, second: unknown): number {
  if (typeof first === "number" && typeof second === "number") return first - second;
  if (typeof first === "string" && typeof second === "string") {
    if (first === second) return 0;
    return first < second ? -1 : 1;
  }
  throw new DvmError("invalid", "incompatible types for comparison");
}

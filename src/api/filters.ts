import { z } from "zod";
import { DvmError, type ErrorCode } from "../base/errors.ts";
import { parseMoment } from "../base/moments.ts";

/** What a list, a prune or the events are narrowed down by: values by the name of a filter. */
export type Filters = ReadonlyMap<string, readonly string[]>;

const filtersSchema = z
  .record(
    z.string(),
    z.union([
      z.array(z.string()),
      z.record(z.string(), z.boolean()).transform((map) => Object.keys(map)),
      z.null().transform((): string[] => []),
    ]),
  )
  .nullable();

/** `filters={"name":["x"]}`, or `{"name":{"x":true}}`. A name not in `known` is refused. */
export function parseFilters(value: string | undefined, known: readonly string[]): Filters {
  const filters = readFilters(value);
  for (const name of filters.keys())
    if (!known.includes(name)) throw new DvmError("invalid", `invalid filter '${name}'`);
  return filters;
}

/** As {@link parseFilters}, where a name that nobody knows is let pass. */
export function readFilters(value: string | undefined): Filters {
  if (value === undefined || value === "") return new Map();
  try {
    return new Map(Object.entries(filtersSchema.parse(JSON.parse(value)) ?? {}));
  } catch {
    throw new DvmError("invalid", "invalid filter"); // what is wrong with it, Docker doesn't say
  }
}

/** A filter that is on or off; undefined where it is not given. */
export function flagFilter(filters: Filters, name: string): boolean | undefined {
  const values = filters.get(name);
  if (values === undefined) return undefined;
  const [isFalse, isTrue] = [
    ["0", "false"],
    ["1", "true"],
  ].map((words) => values.some((value) => words.includes(value)));
  if (isFalse === isTrue)
    throw new DvmError(
      "invalid",
      `invalid filter '${name}${values.length === 0 ? "" : `=[${values.join(" ")}]`}'`,
    );
  return isTrue;
}

/** Whether `text` is one of the values, or none are given. */
export function matchesExactly(filters: Filters, name: string, text: string): boolean {
  const values = filters.get(name) ?? [];
  return values.length === 0 || values.includes(text);
}

/** As {@link matchesExactly}, where a value may be a regular expression; one that is none matches nothing. */
export function matchesPattern(filters: Filters, name: string, text: string): boolean {
  return (
    matchesExactly(filters, name, text) ||
    (filters.get(name) ?? []).some((value) => isMatch(value, text))
  );
}

function isMatch(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern).test(text);
  } catch {
    return false; // as Docker passes over what Go can't compile
  }
}

/** `label` and `label!`: each is `key` or `key=value`. */
export function matchesLabelFilters(filters: Filters, labels: Record<string, string>): boolean {
  const unwanted = filters.get("label!") ?? [];
  return (
    matchesLabels(labels, filters.get("label") ?? []) &&
    (unwanted.length === 0 || !matchesLabels(labels, unwanted))
  );
}

/** `key` or `key=value` against labels. */
export function matchesLabels(labels: Record<string, string>, wanted: readonly string[]): boolean {
  return wanted.every((entry) => {
    const [key = "", ...rest] = entry.split("=");
    return rest.length === 0
      ? Object.hasOwn(labels, key)
      : Object.hasOwn(labels, key) && labels[key] === rest.join("=");
  });
}

/** The moment of an `until` filter, in Unix milliseconds; undefined where it is not given. */
export function untilFilter(filters: Filters, code: ErrorCode = "invalid"): number | undefined {
  const [value, ...more] = filters.get("until") ?? [];
  if (value === undefined) return undefined;
  if (more.length > 0) throw new DvmError(code, "more than one until filter specified");
  return momentOf(value, code);
}

/** A duration before now, a date, or a Unix time, in Unix milliseconds. `code`: of what is none. */
export function momentOf(value: string, code: ErrorCode = "invalid"): number {
  try {
    return Number(parseMoment(value)) * 1000;
  } catch {
    throw new DvmError(code, `failed to parse value as time or duration: ${JSON.stringify(value)}`);
  }
}

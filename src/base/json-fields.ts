import { z } from "zod";
import { goNamed } from "./go-schema.ts";

/* Fields of request bodies and images. What is left out, or null, as Go writes it, is empty. */

export const string = z
  .string()
  .nullish()
  .transform((value) => value ?? "");
export const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);
/** Larger ones than JavaScript counts one by one, too: they stand for no limit. */
export const whole = z.number().refine(Number.isInteger, "it must be a whole number");
export const number = whole.nullish().transform((value) => value ?? 0);
export const strings = z
  .array(string)
  .nullish()
  .transform((value) => value ?? []);
export const stringMap = z
  .record(z.string(), string)
  .nullish()
  .transform((value) => value ?? {});
export const emptyMap = z
  .record(z.string(), z.custom<object>(isObject))
  .nullish()
  .transform((value) => value ?? {});
/** One of Go's unsigned numbers of so many bits. */
export function unsigned(bits: 16 | 64) {
  const fits = (value: number) => Number.isInteger(value) && value >= 0 && value < 2 ** bits;
  const number = z.number().refine(fits, `it must be a whole number of ${bits} bits`);
  return goNamed(
    `uint${bits}`,
    number.nullish().transform((value) => value ?? 0),
  );
}

/** Rows and columns. */
export const consoleSize = z
  .array(goNamed("uint", z.int().min(0).max(65_535)))
  .meta({ goName: "[2]uint" })
  .nullish()
  .transform((value) => [value?.[0] ?? 0, value?.[1] ?? 0]);

/**
 * An object whose fields are known whatever the case of their names, as to Go's encoding/json. Of
 * several that mean the same the last one counts.
 */
export function anyCase<T extends z.ZodRawShape>(shape: T) {
  const known = new Map(Object.keys(shape).map((name) => [name.toLowerCase(), name]));
  const named = (value: unknown) =>
    typeof value !== "object" || value === null || Array.isArray(value)
      ? value
      : Object.fromEntries(
          Object.entries(value).map(([name, one]) => [known.get(name.toLowerCase()) ?? name, one]),
        );
  return z.preprocess(named, z.object(shape));
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/** A list, or null as Go keeps one that wasn't given. */
export function list<T extends z.ZodType>(item: T) {
  return z
    .array(item)
    .nullish()
    .transform((value) => value ?? null);
}

/** The same of a map. */
export function map<T extends z.ZodType>(item: T) {
  return z
    .record(z.string(), item)
    .nullish()
    .transform((value) => value ?? null);
}

/** What may be left out, and is told apart from a zero. */
export function optional<T extends z.ZodType>(item: T) {
  return item.nullish().transform((value) => value ?? null);
}

import { z } from "zod";

/* Fields of request bodies. What is left out, or null, as clients in Go send it, is empty. */

export const string = z
  .string()
  .nullish()
  .transform((value) => value ?? "");
export const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);
export const number = z
  .number()
  .nullish()
  .transform((value) => value ?? 0);
export const strings = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? []);
export const stringMap = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {});
export const emptyMap = z
  .record(z.string(), z.custom<object>(isObject))
  .nullish()
  .transform((value) => value ?? {});
/** Rows and columns. */
export const consoleSize = z
  .array(z.int().min(0).max(65_535))
  .length(2)
  .nullish()
  .transform((value) => value ?? [0, 0]);

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

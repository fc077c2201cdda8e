import { z } from "zod";
import { DvmError } from "../base/errors.ts";

/** Query parameters come as text, or as a list when given twice. */
const text = z.union([z.string(), z.array(z.string()).transform((list) => list.at(-1) ?? "")]);

export const textParameter = text.optional();

/** One that may be given several times. */
export const listParameter = z
  .union([z.string().transform((one) => [one]), z.array(z.string())])
  .default([]);

/** As Docker reads booleans: everything but these is true. */
export const flagParameter = text
  .optional()
  .transform(
    (value) =>
      value !== undefined && !["", "0", "no", "false", "none"].includes(value.toLowerCase()),
  );

/** What is no number Docker takes for a fault of its own. */
export const numberParameter = text.optional().transform((value = "") => {
  if (value === "") return undefined;
  if (/^[+-]?\d+$/.test(value)) return Number(value);
  throw new DvmError(
    "unclassified",
    `strconv.Atoi: parsing ${JSON.stringify(value)}: invalid syntax`,
  );
});

/** Parses what came from outside; what doesn't fit is the caller's fault. */
export function parse<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? "" : ` ${issue.path.join(".")}:`;
  throw new DvmError("invalid", `invalid ${what}:${where} ${issue?.message ?? "it does not fit"}`);
}

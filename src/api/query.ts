import { z } from "zod";
import { DvmError } from "../base/errors.ts";
import { parseMoment } from "../base/moments.ts";

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

export const numberParameter = text.optional().transform((value, context) => {
  if (value === undefined || value === "") return undefined;
  const number = Number(value);
  if (Number.isInteger(number)) return number;
  context.addIssue({ code: "custom", message: `${value} is not a whole number` });
  return z.NEVER;
});

/** Parses what came from outside; what doesn't fit is the caller's fault. */
export function parse<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? "" : ` ${issue.path.join(".")}:`;
  throw new DvmError("invalid", `invalid ${what}:${where} ${issue?.message ?? "it does not fit"}`);
}

const filterSchema = z.record(
  z.string(),
  z.union([
    z.array(z.string()),
    z.record(z.string(), z.boolean()).transform((map) => Object.keys(map)),
  ]),
);

/** `filters={"name":["x"]}`, or the older `{"name":{"x":true}}`. A name not in `known` is refused. */
export function parseFilters(
  value: string | undefined,
  known: readonly string[],
): Map<string, string[]> {
  if (value === undefined || value === "") return new Map();
  let json: unknown;
  try {
    json = JSON.parse(value);
  } catch (cause) {
    throw new DvmError("invalid", "invalid filter: it is not JSON", { cause });
  }
  const filters = new Map(Object.entries(parse(filterSchema, json, "filter")));
  for (const name of filters.keys()) {
    if (!known.includes(name)) throw new DvmError("invalid", `invalid filter '${name}'`);
  }
  return filters;
}

/** `key` or `key=value` against labels. */
export function matchesLabels(labels: Record<string, string>, wanted: readonly string[]): boolean {
  return wanted.every((entry) => {
    const [key = "", ...rest] = entry.split("=");
    return rest.length === 0 ? key in labels : labels[key] === rest.join("=");
  });
}

/** Whether labels have none of these. */
export function hasNoneOf(labels: Record<string, string>, unwanted: readonly string[]): boolean {
  return !unwanted.some((entry) => matchesLabels(labels, [entry]));
}

/** Whether something was made before all of these moments, as `until` takes them. */
export function isBefore(createdAt: string, moments: readonly string[]): boolean {
  return moments.every((moment) => Date.parse(createdAt) / 1000 < Number(parseMoment(moment)));
}

/** A filter that is switched on. */
export function isTrue(values: readonly string[] | undefined): boolean {
  return ["true", "1"].includes(values?.[0] ?? "");
}

/** `repository:tag`, the parts as queries give them; undefined without a repository. */
export function nameWithTag(
  repository: string | undefined,
  tag: string | undefined,
): string | undefined {
  if (repository === undefined || repository === "") return undefined;
  return tag === undefined || tag === "" ? repository : `${repository}:${tag}`;
}

import { z } from "zod";
import { DvmError } from "../base/errors.ts";
import { goJsonError } from "../base/go-json.ts";
import { commandType, goTypeOf, schemaAt, withKnownNames } from "../base/go-schema.ts";

/**
 * Parses a JSON body as Go's decoder would: what is of another type is refused in its words.
 * `goType`: the name of Docker's struct with its package, as the words have it; an empty body is an empty object.
 * `embedded`: fields are those of structs in it, which the words don't name.
 */
export function parseBody<T>(
  schema: z.ZodType<T>,
  body: unknown,
  goType: string,
  { embedded = false } = {},
): T {
  const result = schema.safeParse(withKnownNames(schema, body ?? {}), { reportInput: true });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const prefix = embedded ? "" : (goType.split(".").at(-1) ?? "");
  const words =
    issue === undefined ? "it does not fit" : wordsOf(issue, { schema, goType, prefix });
  throw new DvmError("invalid", `invalid JSON: ${words}`);
}

/** The text of a body, in which there is one value of JSON and nothing else. */
export function parseJsonBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const fault = goJsonError(text, "unexpected EOF");
    throw new DvmError(
      "invalid",
      fault === undefined ? "unexpected content after JSON" : `invalid JSON: ${fault}`,
    );
  }
}

type Issue = z.core.$ZodIssue;

interface Wanted {
  schema: z.ZodType;
  goType: string;
  prefix: string;
}

function wordsOf(issue: Issue, { schema, goType, prefix }: Wanted): string {
  const at = schemaAt(schema, issue.path);
  // Docker reads these by a decoder of their own, which knows of no place
  if (issue.code === "invalid_union" && goTypeOf(at) === commandType)
    return `json: cannot unmarshal ${jsonType(issue.input)} into Go value of type string`;
  const inner = innerIssue(issue);
  const path = [...issue.path, ...(inner === issue ? [] : inner.path)];
  const isNumber = typeof inner.input === "number" && numberIssues.has(inner.code);
  const isOfWrongType =
    inner.code === "invalid_type" ||
    (inner.code === "invalid_value" && typeof inner.input !== "string");
  if (!isOfWrongType && !isNumber) return `${path.join(".")}: ${inner.message}`;
  const wanted = goTypeOf(inner === issue ? at : schemaAt(at, inner.path));
  const isWholeWanted = /^u?int\d*$/.test(wanted);
  const got = isNumber && isWholeWanted ? `number ${String(inner.input)}` : jsonType(inner.input);
  if (path.length === 0) return `json: cannot unmarshal ${got} into Go value of type ${goType}`;
  const field = [prefix, ...path.map(pointerPart)].join(".");
  const place = typeof path.at(-1) === "number" ? field : `Go struct field ${field}`;
  return `json: cannot unmarshal ${got} into ${place} of type ${wanted}`;
}

/** Of numbers that are none of those that fit. */
const numberIssues: ReadonlySet<string> = new Set([
  "invalid_type",
  "too_small",
  "too_big",
  "custom",
]);

/** As JSON pointers have it. */
function pointerPart(part: PropertyKey): string {
  return String(part).replaceAll("~", "~0").replaceAll("/", "~1");
}

/** Of a choice, what the first form that is no null finds wrong. */
function innerIssue(issue: Issue): Issue {
  if (issue.code !== "invalid_union") return issue;
  const [first] = issue.errors.flat();
  return first === undefined ? issue : innerIssue(first);
}

function jsonType(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return value === null ? "null" : typeof value;
}

import { z } from "zod";
import { DvmError } from "../base/errors.ts";
import { goJsonError } from "../base/go-json.ts";

/**
 * Parses a JSON body as Go's decoder would: what is of another type is refused in its words.
 * `goType`: the name of Docker's struct with its package, as the words have it; an empty body is an empty object.
 */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown, goType: string): T {
  const result = schema.safeParse(body ?? {}, { reportInput: true });
  if (result.success) return result.data;
  throw new DvmError("invalid", `invalid JSON: ${wordsOf(result.error.issues[0], goType)}`);
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

function wordsOf(issue: Issue | undefined, goType: string): string {
  if (issue === undefined) return "it does not fit";
  const inner = innerIssue(issue);
  const path = [...issue.path, ...(inner === issue ? [] : inner.path)];
  if (inner.code !== "invalid_type") return `${path.join(".")}: ${inner.message}`;
  const got = jsonType(inner.input);
  const wanted = goTypes[inner.expected] ?? inner.expected;
  return path.length === 0
    ? `json: cannot unmarshal ${got} into Go value of type ${goType}`
    : `json: cannot unmarshal ${got} into Go struct field ${[goType.split(".").at(-1), ...path].join(".")} of type ${wanted}`;
}

/** Of a choice, what the first form that is no null finds wrong. */
function innerIssue(issue: Issue): Issue {
  if (issue.code !== "invalid_union") return issue;
  const [first] = issue.errors.flat();
  return first === undefined ? issue : innerIssue(first);
}

const goTypes: Partial<Record<string, string>> = {
  string: "string",
  number: "int64",
  int: "int64",
  boolean: "bool",
  array: "[]string",
  record: "map[string]string",
  object: "struct",
};

function jsonType(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return value === null ? "null" : typeof value;
}

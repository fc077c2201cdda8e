import type { Flag } from "../flags.ts";

type Check = NonNullable<Flag["check"]>;

/* Flags in a line each. */

export function text(name: string, value: string, summary: string, short?: string): Flag {
  return { name, kind: "text", value, summary, ...(short === undefined ? {} : { short }) };
}

export function list(name: string, summary: string, short?: string): Flag {
  return { name, kind: "list", summary, ...(short === undefined ? {} : { short }) };
}

export function boolean(name: string, summary: string, short?: string): Flag {
  return { name, kind: "boolean", summary, ...(short === undefined ? {} : { short }) };
}

export function integer(name: string, summary: string, short?: string): Flag {
  return { name, kind: "integer", summary, ...(short === undefined ? {} : { short }) };
}

export function checked(flag: Flag, check: Check): Flag {
  return { ...flag, check };
}

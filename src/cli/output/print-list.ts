import { DvmError } from "../../base/errors.ts";
import type { ParsedFlags } from "../flags.ts";
import { compileTemplate } from "../template/template.ts";
import { formatTable } from "./table.ts";

/** What a template sees: texts, and functions such as `{{.Label "name"}}`. */
export type Row = Record<string, unknown>;

export interface List {
  /** Heading of each field that a row has. */
  headers: Record<string, string>;
  /** Fields of the table that is printed when no format is given. */
  columns: readonly string[];
  /** The field that `--quiet` prints. */
  quiet?: string;
  rows: readonly Row[];
  /** As the daemon gave them, for `--json`. */
  objects: readonly unknown[];
}

/** Prints a list as `--json`, `--quiet` and `--format` ask. */
export function printList(list: List, flags: ParsedFlags, stdout: NodeJS.WritableStream): void {
  const format = flags.text("format");
  if (flags.boolean("json")) {
    if (format !== undefined)
      throw new DvmError("invalid", "cannot use --json and --format together");
    stdout.write(`${JSON.stringify(list.objects, undefined, 2)}\n`);
  } else if (flags.boolean("quiet") && list.quiet !== undefined && format === undefined) {
    for (const row of list.rows) stdout.write(`${String(row[list.quiet])}\n`);
  } else stdout.write(formatList(list, format ?? "table"));
}

function formatList(list: List, format: string): string {
  const text = format.trim();
  if (text === "table") return defaultTable(list);
  if (text === "json") return list.rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const isTable = /^table\s/.test(text);
  const template = compileTemplate(unescape(isTable ? text.slice("table".length).trim() : text));
  const lines = list.rows.map(template);
  if (!isTable) return lines.map((line) => `${line}\n`).join("");
  const heading = template({ ...list.headers, Label: (name: unknown) => String(name) });
  return formatTable([heading, ...lines].map((line) => line.split("\t")));
}

function defaultTable({ headers, columns, rows }: List): string {
  const heading = columns.map((name) => headers[name] ?? name.toUpperCase());
  return formatTable([heading, ...rows.map((row) => columns.map((name) => String(row[name])))]);
}

/** A shell passes `\t` on as two characters. */
function unescape(text: string): string {
  return text.replaceAll("\\t", "\t").replaceAll("\\n", "\n");
}

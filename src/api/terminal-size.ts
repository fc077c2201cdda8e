import { z } from "zod";
import { DvmError } from "../base/errors.ts";
import { parse, textParameter } from "./query.ts";

const largest = 2 ** 32 - 1;
const sizeSchema = z.object({ h: textParameter, w: textParameter });

/** What a resize asks for. Both must be given, and be numbers of 32 bits. */
export function terminalSize(query: unknown): { rows: number; columns: number } {
  const { h, w } = parse(sizeSchema, query, "query");
  return { rows: cells("height", h), columns: cells("width", w) };
}

function cells(what: string, text = ""): number {
  const refused = (why: string) =>
    new DvmError("invalid", `invalid resize ${what} "${text}": ${why}`);
  if (!/^[+-]?\d+$/.test(text)) throw refused("invalid syntax");
  const number = Number(text);
  if (number < 0 || number > largest) throw refused("value out of range");
  return number;
}

import { DvmError } from "../errors.ts";
import type { EntryType } from "./tar-entry.ts";
import { damaged } from "./tar-header.ts";

/** PAX records by keyword; values are bytes. */
export type PaxRecords = Map<string, Buffer>;

/** Parses records of the form `length SP keyword = value LF` (POSIX.1-2017, pax extended header). */
export function parsePax(bytes: Buffer): PaxRecords {
  const records: PaxRecords = new Map();
  const holes: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const { keyword, value, end } = nextRecord(bytes, at);
    // GNU's format 0.0 repeats these two, which its 0.1 joins
    if (keyword === "GNU.sparse.offset" || keyword === "GNU.sparse.numbytes") {
      if ((holes.length % 2 === 0) !== (keyword === "GNU.sparse.offset")) throw malformed();
      holes.push(value.toString("latin1"));
    } else records.set(keyword, value);
    at = end;
  }
  if (holes.length > 0) records.set("GNU.sparse.map", Buffer.from(holes.join(",")));
  return records;
}

/** A record's text as bytes (latin1); an empty value is as good as none. */
export function paxText(pax: PaxRecords, keyword: string): string | undefined {
  const value = pax.get(keyword);
  return value === undefined || value.length === 0 ? undefined : value.toString("latin1");
}

export function paxNumber(pax: PaxRecords, keyword: string): number | undefined {
  const text = paxText(pax, keyword);
  if (text === undefined) return undefined;
  if (!/^\d{1,16}$/.test(text)) throw damaged(`the number ${JSON.stringify(text.slice(0, 40))}`);
  return Number(text);
}

/** When a file was changed. `-1.25` is a quarter of a second before -1. */
export function paxTime(pax: PaxRecords): { seconds: number; nanoseconds: number } | undefined {
  const text = paxText(pax, "mtime");
  if (text === undefined) return undefined;
  const match = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(text);
  if (match === null) throw damaged(`the time ${JSON.stringify(text.slice(0, 40))}`);
  const [, sign, whole, fraction = ""] = match;
  const seconds = Number(whole);
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, "0"));
  if (sign === "") return { seconds, nanoseconds };
  return nanoseconds === 0
    ? { seconds: 0 - seconds, nanoseconds }
    : { seconds: -seconds - 1, nanoseconds: 1e9 - nanoseconds };
}

/**
 * Extended attributes, of the kinds that Linux lets such a file have. Left out, as by Docker: other
 * systems' kinds, and those without a value.
 */
export function paxXattrs(pax: PaxRecords, type: EntryType): Map<string, Buffer> {
  const prefix = "SCHILY.xattr.";
  const found = [...pax]
    .filter(([key, value]) => key.startsWith(prefix) && value.length > 0)
    .map(([key, value]) => [key.slice(prefix.length), value] as const);
  return new Map(found.filter(([name]) => mayHave(type, name)));
}

function mayHave(type: EntryType, name: string): boolean {
  if (/^system\.posix_acl_(access|default)$/.test(name)) return type !== "symlink";
  if (/^user\../.test(name)) return ["file", "dir", "hardlink"].includes(type);
  return /^(trusted|security)\../.test(name);
}

function nextRecord(bytes: Buffer, at: number) {
  const space = bytes.indexOf(0x20, at);
  const digits = space < 0 || space - at > 8 ? "" : bytes.toString("latin1", at, space);
  const end = /^\d+$/.test(digits) ? at + Number(digits) : Number.POSITIVE_INFINITY;
  const equals = bytes.indexOf(0x3d, space);
  const isWhole = end <= bytes.length && equals > space + 1 && equals < end;
  if (!isWhole || bytes[end - 1] !== 0x0a) throw malformed();
  const keyword = bytes.toString("latin1", space + 1, equals);
  return { keyword, value: bytes.subarray(equals + 1, end - 1), end };
}

function malformed(): DvmError {
  return damaged("an extended header is malformed");
}

import { DvmError } from "../errors.ts";
import type { EntryType, TarHead } from "./tar-entry.ts";
import { printable } from "./tar-reader.ts";

const blockBytes = 512;
const nameBytes = 100;
const prefixBytes = 155;
const ustarMagic = "ustar\x0000";
const largestId = 0o7777777;
const largestSize = 0o77777777777;
const largestTime = 0o77777777777;

const flags: Record<EntryType, string> = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  char: "3",
  block: "4",
  dir: "5",
  fifo: "6",
};

/** What ends a tar. */
export function tarEnd(): Buffer {
  return Buffer.alloc(2 * blockBytes);
}

/**
 * The header blocks of an entry: ustar, and before it a PAX header for what ustar can't say. Names
 * and values stay bytes. Format: POSIX.1-2017 pax; xattrs as `SCHILY.xattr.`, as star and docker do.
 */
export function tarHeader(head: TarHead): Buffer {
  const path = head.type === "dir" && !head.path.endsWith("/") ? `${head.path}/` : head.path;
  const entry = { ...head, path };
  const records = paxRecords(entry);
  if (records.length === 0) return ustarHeader(entry, flags[entry.type]);
  const body = Buffer.concat(records);
  const pax = { ...blank, path: "PaxHeaders/entry", sizeBytes: body.length };
  return Buffer.concat([
    ustarHeader(pax, "x"),
    body,
    fileEnd(body.length),
    ustarHeader(entry, flags[entry.type]),
  ]);
}

/** The header of a plain file that DVM itself names. */
export function fileHeader(path: string, sizeBytes: number): Buffer {
  return tarHeader({ ...blank, path: Buffer.from(path).toString("latin1"), sizeBytes });
}

/** Fills the last block of a content of so many bytes. */
export function fileEnd(sizeBytes: number): Buffer {
  return Buffer.alloc((blockBytes - (sizeBytes % blockBytes)) % blockBytes);
}

const blank: TarHead = {
  path: "",
  type: "file",
  mode: 0o644,
  uid: 0,
  gid: 0,
  sizeBytes: 0,
  mtimeSeconds: 0,
  mtimeNanoseconds: 0,
  linkTarget: "",
  deviceMajor: 0,
  deviceMinor: 0,
  xattrs: new Map(),
};

function paxRecords(entry: TarHead): Buffer[] {
  const { path, linkTarget, uid, gid, sizeBytes, mtimeSeconds, mtimeNanoseconds } = entry;
  const records: Buffer[] = [];
  const add = (key: string, value: string | Buffer) => records.push(paxRecord(key, value));
  if (splitPath(path) === undefined) add("path", path);
  if (linkTarget.length > nameBytes) add("linkpath", linkTarget);
  if (uid > largestId) add("uid", String(uid));
  if (gid > largestId) add("gid", String(gid));
  if (sizeBytes > largestSize) add("size", String(sizeBytes));
  if (mtimeNanoseconds > 0 || !fitsTime(mtimeSeconds))
    add("mtime", paxTime(mtimeSeconds, mtimeNanoseconds));
  for (const [name, value] of entry.xattrs) {
    if (/[=\n]/.test(name)) {
      throw new DvmError(
        "unsupported",
        `cannot archive ${printable(path)}: no archive can hold its extended attribute ${printable(name)}`,
      );
    }
    add(`SCHILY.xattr.${name}`, value);
  }
  return records;
}

function fitsTime(seconds: number): boolean {
  return seconds >= 0 && seconds <= largestTime;
}

/** Nanoseconds count up, before 1970 too: -1.75 is written for {-2 s, 250,000,000 ns}. */
function paxTime(seconds: number, nanoseconds: number): string {
  const total = BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
  const size = total < 0n ? -total : total;
  const fraction = String(size % 1_000_000_000n)
    .padStart(9, "0")
    .replace(/0+$/, "");
  const whole = `${total < 0n ? "-" : ""}${size / 1_000_000_000n}`;
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

/** `length SP key = value LF`, where the length counts itself. */
function paxRecord(key: string, value: string | Buffer): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value, "latin1") : value;
  const rest = key.length + bytes.length + 3;
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length += 1;
  return Buffer.concat([Buffer.from(`${length} ${key}=`, "latin1"), bytes, Buffer.from("\n")]);
}

function ustarHeader(entry: TarHead, flag: string): Buffer {
  const header = Buffer.alloc(blockBytes);
  const { name, prefix } = splitPath(entry.path) ?? {
    name: entry.path.slice(-nameBytes),
    prefix: "",
  };
  header.write(name, 0, "latin1");
  writeOctal(header, entry.mode, 100, 7);
  writeOctal(header, Math.min(entry.uid, largestId), 108, 7);
  writeOctal(header, Math.min(entry.gid, largestId), 116, 7);
  writeOctal(header, Math.min(entry.sizeBytes, largestSize), 124, 11);
  writeOctal(header, fitsTime(entry.mtimeSeconds) ? entry.mtimeSeconds : 0, 136, 11);
  header.write(flag, 156);
  header.write(entry.linkTarget.slice(0, nameBytes), 157, "latin1");
  header.write(ustarMagic, 257, "latin1");
  writeOctal(header, entry.deviceMajor, 329, 7);
  writeOctal(header, entry.deviceMinor, 337, 7);
  header.write(prefix, 345, "latin1");
  header.fill(" ", 148, 156);
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

function writeOctal(header: Buffer, value: number, at: number, digits: number): void {
  header.write(value.toString(8).padStart(digits, "0"), at);
}

/** Undefined for a path that ustar's two fields can't hold. */
function splitPath(path: string): { name: string; prefix: string } | undefined {
  if (path.length <= nameBytes) return { name: path, prefix: "" };
  for (let cut = path.indexOf("/"); cut >= 0; cut = path.indexOf("/", cut + 1)) {
    const [prefix, name] = [path.slice(0, cut), path.slice(cut + 1)];
    if (cut > prefixBytes) return undefined;
    if (cut > 0 && name.length > 0 && name.length <= nameBytes) return { name, prefix };
  }
  return undefined;
}

import { paxRecord } from "./tar.ts";

/** An entry of a layer. Names are bytes, one a character (latin1). */
export interface LayerEntry {
  path: string;
  type: "file" | "hardlink" | "symlink" | "char" | "block" | "dir" | "fifo";
  mode: number;
  uid: number;
  gid: number;
  mtime: readonly [seconds: number, nanoseconds: number];
  content?: Buffer;
  link?: string;
  device?: readonly [major: number, minor: number];
  xattrs?: Readonly<Record<string, Buffer>>;
  /** How a tar writes it; PAX where that form has no room for it. */
  form?: TarForm;
}

/** How tars have been written: Unix version 7, POSIX 1988, GNU (long names, base-256), POSIX 2001. */
export const tarForms = ["v7", "ustar", "gnu", "pax"] as const;
export type TarForm = (typeof tarForms)[number];

const flags = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  char: "3",
  block: "4",
  dir: "5",
  fifo: "6",
};
const blockBytes = 512;
const longLink = "././@LongLink";

/** A tar of these entries. */
export function tarOf(entries: readonly LayerEntry[]): Buffer {
  return Buffer.concat([...entries.map(entryBlocks), Buffer.alloc(2 * blockBytes)]);
}

function entryBlocks(entry: LayerEntry): Buffer {
  const { form = "pax" } = entry;
  if (!canHold(entry, form)) return paxBlocks(entry);
  if (form === "pax") return paxBlocks(entry);
  if (form === "gnu") return gnuBlocks(entry);
  return Buffer.concat([header(entry, form), padded(entry.content)]);
}

function canHold(entry: LayerEntry, form: TarForm): boolean {
  const plain = entry.mtime[1] === 0 && Object.keys(entry.xattrs ?? {}).length === 0;
  if (form === "pax") return true;
  if (form === "gnu") return plain;
  const numbers = entry.uid < 8 ** 7 && entry.gid < 8 ** 7 && entry.mtime[0] >= 0;
  const short = (entry.link ?? "").length <= 100 && splitName(entry.path, form) !== undefined;
  const known = form === "ustar" || !["char", "block", "fifo"].includes(entry.type);
  // a tar of version 7 tells a folder by the slash at its end
  const isFolder = form === "ustar" || (entry.type === "dir") === entry.path.endsWith("/");
  return plain && numbers && short && known && isFolder;
}

function gnuBlocks(entry: LayerEntry): Buffer {
  const before = (type: string, text: string) => {
    const content = Buffer.from(`${text}\0`, "latin1");
    const head = header({ ...plainFile, path: longLink, content }, "gnu", type);
    return Buffer.concat([head, padded(content)]);
  };
  return Buffer.concat([
    ...((entry.link ?? "").length > 100 ? [before("K", entry.link ?? "")] : []),
    ...(entry.path.length > 100 ? [before("L", entry.path)] : []),
    header(entry, "gnu"),
    padded(entry.content),
  ]);
}

function paxBlocks(entry: LayerEntry): Buffer {
  const text = (value: string) => Buffer.from(value, "latin1");
  const records: [string, Buffer][] = [
    ["path", text(entry.path)],
    ["uid", text(String(entry.uid))],
    ["gid", text(String(entry.gid))],
    ["mtime", text(paxTime(entry.mtime))],
    ["comment", text("kept by none")],
  ];
  if (entry.link !== undefined) records.push(["linkpath", text(entry.link)]);
  if (entry.content !== undefined) records.push(["size", text(String(entry.content.length))]);
  for (const [name, value] of Object.entries(entry.xattrs ?? {}))
    records.push([`SCHILY.xattr.${name}`, value]);
  const content = Buffer.concat(records.map(paxRecord));
  const short = { ...entry, path: "short", link: "short", uid: 0, gid: 0, mtime: [0, 0] as const };
  return Buffer.concat([
    header({ ...plainFile, path: "PaxHeaders/x", content }, "ustar", "x"),
    padded(content),
    header(short, "ustar"),
    padded(entry.content),
  ]);
}

/** PAX counts on from the decimal number: -1.5 is half a second before -1. */
function paxTime([seconds, nanoseconds]: LayerEntry["mtime"]): string {
  if (nanoseconds === 0) return String(seconds);
  const digits = (value: number) => String(value).padStart(9, "0");
  if (seconds >= 0) return `${seconds}.${digits(nanoseconds)}`;
  return `-${-(seconds + 1)}.${digits(1e9 - nanoseconds)}`;
}

const plainFile = { type: "file", mode: 0o644, uid: 0, gid: 0, mtime: [0, 0] } as const;

function header(entry: LayerEntry, form: TarForm, type?: string): Buffer {
  const block = Buffer.alloc(blockBytes);
  const [prefix, name] = splitName(entry.path, form) ?? ["", entry.path.slice(0, 100)];
  const flag =
    form === "v7" && entry.type !== "hardlink" && entry.type !== "symlink"
      ? "\0"
      : flags[entry.type];
  block.write(name, 0, 100, "latin1");
  writeNumber(block.subarray(100, 108), entry.mode);
  writeNumber(block.subarray(108, 116), entry.uid);
  writeNumber(block.subarray(116, 124), entry.gid);
  writeNumber(block.subarray(124, 136), entry.content?.length ?? 0);
  writeNumber(block.subarray(136, 148), entry.mtime[0]);
  block.write(type ?? flag, 156, "latin1");
  block.write(entry.link ?? "", 157, 100, "latin1");
  if (form !== "v7") block.write(form === "gnu" ? "ustar  \0" : "ustar\u000000", 257, "latin1");
  if (entry.device !== undefined) {
    writeNumber(block.subarray(329, 337), entry.device[0]);
    writeNumber(block.subarray(337, 345), entry.device[1]);
  }
  block.write(prefix, 345, 155, "latin1");
  return withCheckSum(block);
}

/** Puts in the sum of all bytes, its own field taken as spaces. */
export function withCheckSum(block: Buffer): Buffer {
  block.fill(" ", 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}

/** Where a form splits a name into prefix and name; undefined where it has no room. */
function splitName(path: string, form: TarForm): [prefix: string, name: string] | undefined {
  if (path.length <= 100 || form === "gnu") return ["", path.slice(0, 100)];
  if (form === "v7") return undefined;
  for (let at = path.indexOf("/"); at > 0 && at <= 155; at = path.indexOf("/", at + 1))
    if (path.length - at - 1 <= 100 && path.length - at > 1)
      return [path.slice(0, at), path.slice(at + 1)];
  return undefined;
}

/** Octal where it fits, else base-256, two's complement. */
function writeNumber(field: Buffer, value: number): void {
  if (value >= 0 && value < 8 ** (field.length - 1)) {
    field.write(value.toString(8).padStart(field.length - 1, "0"));
    return;
  }
  let left = BigInt(value);
  for (let at = field.length - 1; at >= 0; at -= 1) {
    field[at] = Number(left & 0xffn);
    left >>= 8n;
  }
  field[0] = (field[0] ?? 0) | 0x80;
}

function padded(content: Buffer | undefined): Buffer {
  const bytes = content ?? Buffer.alloc(0);
  return Buffer.concat([
    bytes,
    Buffer.alloc((blockBytes - (bytes.length % blockBytes)) % blockBytes),
  ]);
}

import { DvmError } from "../errors.ts";
import type { ByteSource } from "../byte-source.ts";
import { parsePax, paxNumber, paxText, paxTime, paxXattrs, type PaxRecords } from "./pax.ts";
import type { EntryType, TarEntry } from "./tar-entry.ts";
import {
  blockBytes,
  cString,
  damaged,
  isZero,
  parseTarHeader,
  type TarHeader,
} from "./tar-header.ts";
import {
  checkSparseMap,
  oldSparseMap,
  paxSparseMap,
  withHoles,
  type SparseMap,
} from "./tar-sparse.ts";

export { looksLikeTar } from "./tar-header.ts";
export type { EntryType, TarEntry, TarHead } from "./tar-entry.ts";

const maximumHeaderBytes = 1 << 20;
/** Of one entry: its own, and those before it. */
const maximumHeaders = 32;
const maximumPathBytes = 4096;
const maximumFileBytes = 2 ** 40;
const types: Record<string, EntryType> = {
  "0": "file",
  "\0": "file",
  "7": "file",
  S: "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "char",
  "4": "block",
  "5": "dir",
  "6": "fifo",
};

/** What stood before an entry, for it alone. */
interface Extra {
  longName?: string;
  longLink?: string;
  pax: PaxRecords;
}

/**
 * The entries of a tar stream: version 7, ustar, star, GNU, PAX, with GNU tar's files with holes. Our
 * own, because libraries decode PAX values as UTF-8, and so break binary xattrs such as
 * `security.capability`. Formats: POSIX.1-2017 pax, and tar(5) of libarchive. Global PAX headers are
 * passed over, as Docker does.
 */
export async function* readTar(source: ByteSource): AsyncGenerator<TarEntry> {
  let extra: Extra = { pax: new Map() };
  let headers = 0;
  for (;;) {
    headers += 1;
    if (headers > maximumHeaders) throw damaged(`${headers} headers for one entry`);
    const block = await source.exactly(blockBytes);
    if (block === undefined || isZero(block)) return;
    const header = parseTarHeader(block);
    const { flag, size } = header;
    if (flag === "L") extra.longName = cString(await headerBody(source, size));
    else if (flag === "K") extra.longLink = cString(await headerBody(source, size));
    else if (flag === "x") extra.pax = parsePax(await headerBody(source, size));
    else if (flag === "g") parsePax(await headerBody(source, size));
    else {
      const entry = makeEntry(header, extra);
      const map = await sparseMap(entry, { block, header, pax: extra.pax, source });
      yield* withBody(source, entry, map);
      extra = { pax: new Map() };
      headers = 0;
    }
  }
}

/** Of an entry without its content; `sizeBytes` is what the archive holds of it. */
type EntryHead = Omit<TarEntry, "body">;

async function sparseMap(
  entry: EntryHead,
  parts: { block: Buffer; header: TarHeader; pax: PaxRecords; source: ByteSource },
): Promise<SparseMap | undefined> {
  const { block, header, pax, source } = parts;
  const stored = entry.sizeBytes;
  if (header.flag === "S" && header.format !== "gnu")
    throw damaged(`${printable(entry.path)} is a file with holes of no known form`);
  const map =
    header.flag === "S"
      ? await oldSparseMap(block, source)
      : entry.type === "file" && pax.size > 0
        ? await paxSparseMap(pax, { source, stored })
        : undefined;
  if (map === undefined) return undefined;
  checkSparseMap(map, stored);
  checkSize(map.sizeBytes, entry.path);
  return map;
}

async function* withBody(
  source: ByteSource,
  entry: EntryHead,
  map: SparseMap | undefined,
): AsyncGenerator<TarEntry> {
  const stored = entry.sizeBytes;
  let left = stored - (map?.mapBytes ?? 0);
  async function* counted(pieces: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of pieces) {
      left -= piece.length;
      yield piece;
    }
  }
  if (map === undefined) yield { ...entry, body: () => counted(source.content(left)) };
  else {
    const body = () => withHoles(map, (length) => counted(source.pieces(length)));
    yield { ...entry, sizeBytes: map.sizeBytes, sparse: true, body };
  }
  await source.skip(left);
  // some writers (umoci insert) end right behind the last content
  await source.skipUpTo(padding(stored));
}

async function headerBody(source: ByteSource, size: number): Promise<Buffer> {
  if (size < 0 || size > maximumHeaderBytes) throw damaged(`an extended header of ${size} bytes`);
  const bytes = size === 0 ? Buffer.alloc(0) : await source.exactly(size);
  if (bytes === undefined) throw damaged("it ends in an extended header");
  await source.skip(padding(size));
  return bytes;
}

function makeEntry(header: TarHeader, { longName, longLink, pax }: Extra): EntryHead {
  const path = paxText(pax, "GNU.sparse.name") ?? longName ?? paxText(pax, "path") ?? header.path;
  if (path.length > maximumPathBytes) throw damaged(`a name of ${path.length} bytes`);
  const type = typeOf(header, path);
  const time = paxTime(pax) ?? { seconds: header.mtimeSeconds, nanoseconds: 0 };
  return {
    path,
    type,
    mode: header.mode & 0o7777,
    uid: paxNumber(pax, "uid") ?? header.uid,
    gid: paxNumber(pax, "gid") ?? header.gid,
    sizeBytes: type === "file" ? checkSize(paxNumber(pax, "size") ?? header.size, path) : 0,
    mtimeSeconds: time.seconds,
    mtimeNanoseconds: time.nanoseconds,
    linkTarget: longLink ?? paxText(pax, "linkpath") ?? header.linkTarget,
    deviceMajor: header.device[0],
    deviceMinor: header.device[1],
    xattrs: paxXattrs(pax, type),
  };
}

function typeOf({ flag }: TarHeader, path: string): EntryType {
  // the oldest tars have no type for folders
  if ((flag === "0" || flag === "\0") && path.endsWith("/")) return "dir";
  const type = types[flag];
  if (type !== undefined) return type;
  throw new DvmError(
    "unsupported",
    `cannot read the archive: ${printable(path)} is of a kind (type ${JSON.stringify(flag)}) that image layers don't hold`,
  );
}

function checkSize(size: number, path: string): number {
  if (size >= 0 && size <= maximumFileBytes) return size;
  throw damaged(
    `${printable(path)} claims ${size} bytes, more than the ${maximumFileBytes} that a file may have`,
  );
}

function padding(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes;
}

/** A name from an archive, safe to show. */
export function printable(path: string): string {
  return JSON.stringify(Buffer.from(path, "latin1").toString("utf8"));
}

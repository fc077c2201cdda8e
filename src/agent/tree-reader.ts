import { ByteSource } from "../base/byte-source.ts";
import type { TarHead } from "../base/tar/tar-reader.ts";
import { agentError } from "./messages.ts";
import { maximumRecordBytes, recordKind, treeTypes, type TreeType } from "./protocol.ts";
import { brokenProtocol, MessageReader } from "./wire.ts";

/** A file of a guest; `whiteout` and `opaque` are a layer's marks. Names are latin1, one character a byte. */
export interface TreeEntry extends Omit<TarHead, "type"> {
  /** Relative to what was asked for; "" is that itself. */
  path: string;
  type: TreeType;
  /** The same for all hard links of a file; undefined when it has no other link. */
  fileId: string | undefined;
  /** Must be read to its end, or not at all, before the next entry. */
  content: () => AsyncGenerator<Buffer>;
}

export interface TreeChange {
  kind: "modified" | "added" | "deleted";
  /** Relative to the root, latin1. */
  path: string;
}

const changeKinds = ["modified", "added", "deleted"] as const;
const maximumPathBytes = 4096;
const maximumEntries = 1_000_000;
const maximumFileBytes = 2 ** 40;
const maximumXattrs = 1024;

interface Record {
  kind: number;
  body: MessageReader;
  rest(): Buffer;
}

/**
 * The files that a guest sends, as guest/protocol.h draws them. A guest that breaks a rule, lies
 * about a size or names a path that leads out ends it by an error, and so does one that failed.
 */
export async function* readTreeEntries(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<TreeEntry> {
  const bytes = new ByteSource(source);
  for (let count = 0; ; count += 1) {
    const record = await nextRecord(bytes);
    if (record === undefined) return;
    const isStat = record.kind === recordKind.stat && count === 0;
    if (record.kind !== recordKind.entry && !isStat)
      throw brokenProtocol(`a record of kind ${record.kind}`);
    checkCount(count);
    const head = decodeEntry(record.body);
    if (!isStat && head.type !== "file" && head.sizeBytes > 0)
      throw brokenProtocol(`a ${head.type} of ${head.sizeBytes} bytes`);
    let left = isStat ? 0 : head.sizeBytes;
    async function* content(): AsyncGenerator<Buffer> {
      while (left > 0) {
        const piece = await nextContent(bytes, left);
        left -= piece.length;
        yield piece;
      }
    }
    yield { ...head, content };
    while (left > 0) left -= (await nextContent(bytes, left)).length;
  }
}

/** The changes that a guest tells of. */
export async function* readTreeChanges(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<TreeChange> {
  const bytes = new ByteSource(source);
  for (let count = 0; ; count += 1) {
    const record = await nextRecord(bytes);
    if (record === undefined) return;
    if (record.kind !== recordKind.change) throw brokenProtocol(`a record of kind ${record.kind}`);
    checkCount(count);
    const kind = changeKinds[record.body.u8()];
    const path = safePath(record.body.latin1());
    record.body.end();
    if (kind === undefined || path === "") throw brokenProtocol("a change of no kind");
    yield { kind, path };
  }
}

/** Reads on to the end of what has nothing more to say. */
export async function readTreeEnd(source: AsyncIterable<Uint8Array>): Promise<void> {
  const record = await nextRecord(new ByteSource(source));
  if (record !== undefined) throw brokenProtocol(`a record of kind ${record.kind}`);
}

/** Undefined after DONE; FAILED throws. */
async function nextRecord(bytes: ByteSource): Promise<Record | undefined> {
  const length = (await bytes.exactly(4))?.readUInt32LE();
  if (length === undefined) throw brokenProtocol("files that have no end");
  if (length < 1 || length > maximumRecordBytes)
    throw brokenProtocol(`a record of ${length} bytes`);
  const whole = (await bytes.exactly(length)) ?? Buffer.alloc(1);
  const kind = whole.readUInt8(0);
  const rest = whole.subarray(1);
  const body = new MessageReader(rest);
  if (kind === recordKind.failed) throw agentError(body.u16(), body.text());
  if (kind === recordKind.done) {
    if ((await bytes.some(1)) !== undefined) throw brokenProtocol("more after the last file");
    return undefined;
  }
  return { kind, body, rest: () => rest };
}

async function nextContent(bytes: ByteSource, left: number): Promise<Buffer> {
  const record = await nextRecord(bytes);
  const piece = record?.kind === recordKind.content ? record.rest() : undefined;
  if (piece === undefined || piece.length === 0 || piece.length > left)
    throw brokenProtocol("a file that is not as long as it said");
  return piece;
}

function decodeEntry(from: MessageReader): Omit<TreeEntry, "content"> {
  const type = treeTypes[from.u8()];
  if (type === undefined) throw brokenProtocol("a file of no kind");
  const [mode, uid, gid] = [from.u32() & 0o7777, from.u32(), from.u32()];
  const mtimeSeconds = Number(BigInt.asIntN(64, from.u64()));
  const mtimeNanoseconds = from.u32();
  const sizeBytes = from.size();
  const [deviceMajor, deviceMinor] = [from.u32(), from.u32()];
  const [device, inode] = [from.u64(), from.u64()];
  const path = safePath(from.latin1());
  const linkTarget = from.latin1();
  const xattrs = new Map(
    from.list(maximumXattrs, (): [string, Buffer] => [from.latin1(), from.bytes()]),
  );
  from.end();
  const isLegal =
    mtimeNanoseconds < 1e9 &&
    Number.isSafeInteger(mtimeSeconds) &&
    sizeBytes <= maximumFileBytes &&
    deviceMajor <= 0o7777777 &&
    deviceMinor <= 0o7777777 &&
    linkTarget.length <= maximumPathBytes;
  if (!isLegal) throw brokenProtocol("a file with an impossible attribute");
  return {
    ...{ path, type, mode, uid, gid, sizeBytes, mtimeSeconds, mtimeNanoseconds },
    ...{ linkTarget, deviceMajor, deviceMinor, xattrs },
    fileId: inode === 0n ? undefined : `${device}:${inode}`,
  };
}

/** A path that can't lead out of where it starts. */
function safePath(path: string): string {
  if (path === "") return path;
  const isSafe =
    path.length <= maximumPathBytes &&
    path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
  if (!isSafe) throw brokenProtocol(`the path ${JSON.stringify(path.slice(0, 200))}`);
  return path;
}

function checkCount(count: number): void {
  if (count >= maximumEntries) throw brokenProtocol(`more than ${maximumEntries} files`);
}

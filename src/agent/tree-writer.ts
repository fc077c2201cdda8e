import type { TarHead } from "../base/tar/tar-reader.ts";
import { DvmError } from "../base/errors.ts";
import { maximumContentBytes, maximumRecordBytes, recordKind, treeTypes } from "./protocol.ts";
import { MessageWriter } from "./wire.ts";

/** What goes into a guest; `path` is relative, without `.` and `..`, and so is a hard link's target. */
export interface NewFile extends TarHead {
  content: () => AsyncIterable<Buffer>;
}

/** The records that make `files` in a guest. Times of folders go last: what is made in one changes it. */
export async function* treeRecords(files: AsyncIterable<NewFile>): AsyncGenerator<Buffer> {
  const folders: TarHead[] = [];
  for await (const file of files) {
    yield entryRecord(file);
    for await (const piece of file.content())
      for (let at = 0; at < piece.length; at += maximumContentBytes)
        yield record(recordKind.content, piece.subarray(at, at + maximumContentBytes));
    if (file.type === "dir" && file.path !== "") folders.push(file);
  }
  for (const folder of folders.reverse()) yield timesRecord(folder);
  yield record(recordKind.done, Buffer.alloc(0));
}

function entryRecord(file: NewFile): Buffer {
  const to = new MessageWriter();
  const body = to
    .u8(treeTypes.indexOf(file.type))
    .u32(file.mode)
    .u32(file.uid)
    .u32(file.gid)
    .u64(BigInt.asUintN(64, BigInt(file.mtimeSeconds)))
    .u32(file.mtimeNanoseconds)
    .u64(file.sizeBytes)
    .u32(file.deviceMajor)
    .u32(file.deviceMinor)
    .u64(0)
    .u64(0)
    .latin1(file.path)
    .latin1(file.linkTarget)
    .list([...file.xattrs], ([name, value]) => to.latin1(name).bytes(value))
    .finish();
  if (body.length >= maximumRecordBytes) {
    throw new DvmError(
      "invalid",
      `cannot write ${JSON.stringify(file.path)}: its extended attributes need ${body.length} bytes, ${maximumRecordBytes} is the most`,
    );
  }
  return record(recordKind.entry, body);
}

function timesRecord({ path, mtimeSeconds, mtimeNanoseconds }: TarHead): Buffer {
  const body = new MessageWriter()
    .u64(BigInt.asUintN(64, BigInt(mtimeSeconds)))
    .u32(mtimeNanoseconds)
    .latin1(path)
    .finish();
  return record(recordKind.times, body);
}

function record(kind: number, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32LE(body.length + 1, 0);
  head.writeUInt8(kind, 4);
  return Buffer.concat([head, body]);
}

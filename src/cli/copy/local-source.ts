import { createReadStream, type BigIntStats } from "node:fs";
import { lstat, readdir, readlink, realpath } from "node:fs/promises";
import { posix } from "node:path";
import { DvmError, systemErrorCode } from "../../base/errors.ts";
import { gather } from "../../base/gather.ts";
import type { EntryType, TarHead } from "../../base/tar/tar-reader.ts";
import { tarEnd, tarHeader, fileEnd } from "../../base/tar/tar-writer.ts";
import type { CopySource } from "./path-rules.ts";

const pieceBytes = 256 * 1024;
const nanoseconds = 1_000_000_000n;

/** Finds what is to be copied. A link is copied as one, or followed; links on the way to it are. */
export async function findSource(path: string, followLink: boolean): Promise<CopySource> {
  try {
    const { resolved, name } = await resolveSource(path, followLink);
    const isFolder = (await lstat(resolved)).isDirectory();
    if (!isFolder && /\/\.?$/.test(path)) throw new DvmError("invalid", "not a directory");
    return { path: resolved, isFolder, name };
  } catch (cause) {
    if (systemErrorCode(cause) === "ENOTDIR")
      throw new DvmError("invalid", "not a directory", { cause });
    if (systemErrorCode(cause) !== "ENOENT") throw cause;
    const missing = followLink ? await linkTarget(path) : path;
    throw new DvmError("not-found", `lstat ${missing}: no such file or directory`, { cause });
  }
}

/** Where a link leads that leads to nothing. */
async function linkTarget(path: string): Promise<string> {
  const link = await readlink(path).catch(() => path);
  return posix.resolve(posix.dirname(path), link);
}

async function resolveSource(
  path: string,
  followLink: boolean,
): Promise<{ resolved: string; name: string | undefined }> {
  const end = /\/\.?$/.exec(path)?.[0] ?? "";
  if (followLink || end !== "") {
    const plain = end === "" ? path : path.slice(0, -end.length) || "/";
    const resolved = await realpath(plain);
    const isRenamed = end !== "/." && posix.basename(resolved) !== posix.basename(plain);
    return {
      resolved: end === "/." ? `${resolved}/.` : resolved,
      name: isRenamed ? posix.basename(plain) : undefined,
    };
  }
  const folder = await realpath(posix.dirname(path));
  return { resolved: posix.join(folder, posix.basename(path)), name: undefined };
}

/** What stands at `path`, and below, as a tar in which it is called `name`. Sockets are left out. */
export function localTar(path: string, name: string): AsyncGenerator<Buffer> {
  return gather(blocks(path, name), pieceBytes);
}

async function* blocks(path: string, name: string): AsyncGenerator<Buffer> {
  const firstPaths = new Map<string, string>();
  yield* entryBlocks(Buffer.from(path), Buffer.from(name).toString("latin1"), firstPaths);
  yield tarEnd();
}

async function* entryBlocks(
  path: Buffer,
  name: string,
  firstPaths: Map<string, string>,
): AsyncGenerator<Buffer> {
  const found = await lstat(path, { bigint: true });
  const type = typeOf(found);
  if (type === undefined) return;
  const head = await headOf({ path, name, type, found }, firstPaths);
  yield tarHeader(head);
  if (head.type === "file") yield* contentBlocks(path, head.sizeBytes);
  if (head.type !== "dir") return;
  for (const below of (await readdir(path, { encoding: "buffer" })).sort((a, b) => a.compare(b))) {
    const prefix = name === "/" ? name : `${name}/`;
    const belowPath = Buffer.concat([path, Buffer.from("/"), below]);
    yield* entryBlocks(belowPath, prefix + below.toString("latin1"), firstPaths);
  }
}

interface Found {
  path: Buffer;
  name: string;
  type: EntryType;
  found: BigIntStats;
}

async function headOf(
  { path, name, type, found }: Found,
  firstPaths: Map<string, string>,
): Promise<TarHead> {
  const id = `${found.dev}:${found.ino}`;
  const first = type !== "dir" && found.nlink > 1n ? firstPaths.get(id) : undefined;
  firstPaths.set(id, first ?? name);
  const link = type === "symlink" ? await readlink(path, { encoding: "buffer" }) : undefined;
  const isDevice = type === "char" || type === "block";
  return {
    path: name,
    type: first === undefined ? type : "hardlink",
    mode: Number(found.mode) & 0o7777,
    uid: Number(found.uid),
    gid: Number(found.gid),
    sizeBytes: type === "file" && first === undefined ? Number(found.size) : 0,
    mtimeSeconds: Number((found.mtimeNs - fraction(found.mtimeNs)) / nanoseconds),
    mtimeNanoseconds: Number(fraction(found.mtimeNs)),
    linkTarget: first ?? link?.toString("latin1") ?? "",
    deviceMajor: isDevice
      ? Number(((found.rdev >> 8n) & 0xfffn) | ((found.rdev >> 32n) & ~0xfffn))
      : 0,
    deviceMinor: isDevice ? Number((found.rdev & 0xffn) | ((found.rdev >> 12n) & 0xfff00n)) : 0,
    xattrs: new Map(),
  };
}

/** Counts up, before 1970 too. */
function fraction(time: bigint): bigint {
  return ((time % nanoseconds) + nanoseconds) % nanoseconds;
}

function typeOf(found: BigIntStats): EntryType | undefined {
  if (found.isFile()) return "file";
  if (found.isDirectory()) return "dir";
  if (found.isSymbolicLink()) return "symlink";
  if (found.isCharacterDevice()) return "char";
  if (found.isBlockDevice()) return "block";
  return found.isFIFO() ? "fifo" : undefined;
}

/** What is added to a file meanwhile stays out. */
async function* contentBlocks(path: Buffer, sizeBytes: number): AsyncGenerator<Buffer> {
  if (sizeBytes === 0) return;
  let sent = 0;
  for await (const chunk of createReadStream(path, {
    end: sizeBytes - 1,
    highWaterMark: pieceBytes,
  })) {
    sent += (chunk as Buffer).length;
    yield chunk as Buffer;
  }
  if (sent !== sizeBytes)
    throw new DvmError("damaged", `cannot send ${path.toString()}: it changed while it was read`);
  yield fileEnd(sizeBytes);
}

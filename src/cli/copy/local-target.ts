import { execFile } from "node:child_process";
import { constants } from "node:fs";
import {
  chmod,
  link,
  lstat,
  lutimes,
  mkdir,
  open,
  readlink,
  realpath,
  stat,
  symlink,
  unlink,
} from "node:fs/promises";
import { posix } from "node:path";
import { promisify } from "node:util";
import { ByteSource } from "../../base/byte-source.ts";
import { DvmError, ignore } from "../../base/errors.ts";
import { printable, readTar, type TarEntry } from "../../base/tar/tar-reader.ts";
import { splitPath, type CopyTarget } from "./path-rules.ts";
import { writeSparse } from "./write-sparse.ts";

const impliedFolderMode = 0o755;
const maximumLinks = 10;

/** Finds where a copy goes; a link at its end is followed. Its parent must be there. */
export async function findTarget(path: string): Promise<CopyTarget> {
  const { folder } = splitPath(path);
  const parent = await ignore("ENOENT", () => stat(folder));
  if (parent === undefined)
    throw new DvmError("invalid", `invalid output path: directory "${folder}" does not exist`);
  let place = path;
  for (let links = 0; links < maximumLinks; links += 1) {
    const found = await ignore("ENOENT", () => lstat(place));
    if (found === undefined) return { path: place, exists: false, isFolder: false };
    if (!found.isSymbolicLink()) {
      if (!found.isDirectory() && !found.isFile())
        throw new DvmError(
          "invalid",
          `invalid output path: "${path}" must be a directory or a regular file`,
        );
      return { path: place, exists: true, isFolder: found.isDirectory() };
    }
    place = posix.resolve(posix.dirname(place), await readlink(place));
  }
  throw new DvmError("invalid", `invalid output path: too many links in ${path}`);
}

interface Unpacking {
  folder: string;
  /** What the archive calls what was asked for. */
  archiveName: string;
  /** What it is to be called; `.` or `/`: only its content is taken. */
  name: string;
}

/**
 * Unpacks a tar of a container below a folder of this host, as `docker cp` does: all belongs to who
 * runs this, modes and times are the archive's. Nothing is written through a link, whoever made
 * that: what comes is a guest's word. Our own, as names must stay bytes, and the common libraries
 * make text of them.
 */
export async function unpackLocally(
  tar: AsyncIterable<Uint8Array>,
  { folder, archiveName, name }: Unpacking,
): Promise<void> {
  const target = new Target(await realpath(folder));
  const from = Buffer.from(archiveName).toString("latin1");
  const to = Buffer.from(name).toString("latin1");
  for await (const entry of readTar(new ByteSource(tar))) {
    const path = renamed(entry.path, from, to);
    if (path === "") continue;
    const link = entry.type === "hardlink" ? renamed(entry.linkTarget, from, to) : entry.linkTarget;
    await target.make({ ...entry, path, linkTarget: link });
  }
  await target.finish();
}

/** Relative to the target's folder; "" is that folder itself. */
function renamed(path: string, from: string, to: string): string {
  const plain = path.replace(/\/$/, "");
  const base = from === "/" ? "" : from;
  const isBelow = plain === base || plain.startsWith(`${base}/`);
  const rest = plain.slice(base.length).replace(/^\//, "");
  const parts = [
    ...(to === "." || to === "/" ? [] : [to]),
    ...(rest === "" ? [] : rest.split("/")),
  ];
  if (!isBelow || parts.some((part) => part === "" || part === "." || part === ".."))
    throw new DvmError("damaged", `cannot write ${printable(path)}: it is not what was asked for`);
  return parts.join("/");
}

/** A folder that is being filled. */
class Target {
  readonly #root: string;
  /** Folders below it that are no links; paths are latin1. */
  readonly #folders = new Set<string>([""]);
  readonly #made: TarEntry[] = [];

  constructor(root: string) {
    this.#root = root;
  }

  async make(entry: TarEntry): Promise<void> {
    await this.#enterFolder(posix.dirname(entry.path));
    if (entry.type === "dir") return this.#makeFolder(entry);
    await this.#clear(entry);
    const path = this.#full(entry.path);
    await this.#makeNew(entry, path);
    if (entry.type === "hardlink") return;
    if (entry.type !== "symlink") await chmod(path, entry.mode);
    await setTime(path, entry);
  }

  /** What is made in a folder changes its time, and may need a right that it takes away. */
  async finish(): Promise<void> {
    for (const entry of this.#made.toReversed()) {
      await chmod(this.#full(entry.path), entry.mode);
      await setTime(this.#full(entry.path), entry);
    }
  }

  async #makeFolder(entry: TarEntry): Promise<void> {
    const found = await this.#look(entry.path);
    if (found !== undefined && !found.isDirectory())
      throw new DvmError(
        "invalid",
        `cannot overwrite non-directory ${printable(entry.path)} with directory`,
      );
    if (found === undefined) await mkdir(this.#full(entry.path), { mode: 0o700 });
    this.#folders.add(entry.path);
    this.#made.push(entry);
  }

  /** Sees that all of `path` are folders and no links; what is missing is made. */
  async #enterFolder(path: string): Promise<void> {
    if (path === "." || this.#folders.has(path)) return;
    await this.#enterFolder(posix.dirname(path));
    const found = await this.#look(path);
    if (found === undefined) await mkdir(this.#full(path), { mode: impliedFolderMode });
    else if (!found.isDirectory())
      throw new DvmError("invalid", `cannot write below ${printable(path)}: it is no folder`);
    this.#folders.add(path);
  }

  /** What stands in the way goes, but no folder. */
  async #clear(entry: TarEntry): Promise<void> {
    const found = await this.#look(entry.path);
    if (found === undefined) return;
    if (found.isDirectory())
      throw new DvmError(
        "invalid",
        `cannot overwrite directory ${printable(entry.path)} with non-directory`,
      );
    await unlink(this.#full(entry.path));
  }

  async #makeNew(entry: TarEntry, path: Buffer): Promise<void> {
    switch (entry.type) {
      case "file":
        return writeFile(entry, path);
      case "symlink":
        return symlink(Buffer.from(entry.linkTarget, "latin1"), path);
      case "hardlink":
        await this.#enterFolder(posix.dirname(entry.linkTarget));
        return link(this.#full(entry.linkTarget), path);
      case "char":
      case "block":
      case "fifo":
        return makeNode(entry, path);
      case "dir":
        return undefined;
    }
  }

  #look(path: string) {
    return ignore("ENOENT", () => lstat(this.#full(path)));
  }

  #full(path: string): Buffer {
    return Buffer.concat([Buffer.from(`${this.#root}/`), Buffer.from(path, "latin1")]);
  }
}

async function writeFile(entry: TarEntry, path: Buffer): Promise<void> {
  const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants;
  await using file = await open(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600);
  await writeSparse(file, entry.body());
}

/** Node can't, coreutils can. */
async function makeNode(entry: TarEntry, path: Buffer): Promise<void> {
  const name = path.toString("utf8");
  if (!Buffer.from(name).equals(path))
    throw new DvmError("unsupported", `cannot make ${printable(entry.path)}: its name is no text`);
  const device = [String(entry.deviceMajor), String(entry.deviceMinor)];
  const words = entry.type === "fifo" ? ["p"] : [entry.type === "char" ? "c" : "b", ...device];
  await promisify(execFile)("mknod", ["--", name, ...words]);
}

async function setTime(path: Buffer, entry: TarEntry): Promise<void> {
  const seconds = entry.mtimeSeconds + entry.mtimeNanoseconds / 1e9;
  await lutimes(path, seconds, seconds);
}

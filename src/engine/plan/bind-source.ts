import type { Stats } from "node:fs";
import { mkdir, readFile, realpath, stat } from "node:fs/promises";
import { DvmError, ignore } from "../../base/errors.ts";
import type { Mount } from "../records.ts";

/** Numbers of the devices that every container has, and their names in /dev. */
const everyonesDevices: ReadonlyMap<string, string> = new Map([
  ["1:3", "null"],
  ["1:5", "zero"],
  ["1:7", "full"],
  ["1:8", "random"],
  ["1:9", "urandom"],
  ["5:0", "tty"],
]);

type BindOf = Pick<Mount, "source" | "makesSource">;

/** What a bind's source on the host is. */
export type BindSource =
  | { kind: "folder" | "file" }
  /** A stream socket. */
  | { kind: "socket"; mode: number; uid: number; gid: number }
  /** One that every machine has, by its name in /dev. */
  | { kind: "device"; name: string };

/**
 * Fails with `invalid` where a bind of it isn't possible. That of docker's `--mount` must be there,
 * that of `-v` may be a folder that is made at the start.
 */
export async function checkBindSource({ source, makesSource }: BindOf): Promise<BindSource> {
  const found = await stat(source).catch(() => undefined);
  if (found === undefined && makesSource === true) return { kind: "folder" };
  if (found === undefined) throw refused(`bind source path does not exist: ${source}`);
  if (found.isDirectory()) return { kind: "folder" };
  if (found.isFile()) return { kind: "file" };
  if (found.isSocket()) return socketSource(source, found);
  if (found.isFIFO())
    throw refused(`${source} is a fifo of the host, whose other end a machine does not reach`);
  const name = found.isCharacterDevice() ? everyonesDevices.get(deviceNumber(found)) : undefined;
  if (name !== undefined) return { kind: "device", name };
  throw refused(`${source} is a device of the host, which a machine does not have`);
}

async function socketSource(source: string, { mode, uid, gid }: Stats): Promise<BindSource> {
  if (!(await isStreamSocket(source)))
    throw refused(
      `${source} is a socket of datagrams or packets: only stream sockets can be bound`,
    );
  return { kind: "socket", mode: mode & 0o7777, uid, gid };
}

/** Makes the folder of a bind that may make it. */
export async function makeBindSource({ source, makesSource }: BindOf): Promise<void> {
  if (makesSource !== true) return;
  try {
    if ((await ignore("ENOENT", () => stat(source))) !== undefined) return;
    await mkdir(source, { recursive: true, mode: 0o755 });
  } catch (cause) {
    throw new DvmError("invalid", `error while creating mount source path '${source}'`, { cause });
  }
}

/** By the kernel's list of those that are in use: without asking who listens there. */
async function isStreamSocket(source: string): Promise<boolean> {
  const list = await readFile("/proc/net/unix", "utf8").catch(() => "");
  const paths = new Set([source, await realpath(source)]);
  // Num RefCount Protocol Flags Type St Inode Path
  return !list.split("\n").some((line) => {
    const [, type, path = ""] = /^\S+ \S+ \S+ \S+ (\S+) \S+ +\d+ (.+)$/.exec(line) ?? [];
    return paths.has(path) && type !== "0001";
  });
}

/** `major:minor`, as makedev(3) joins them. */
function deviceNumber({ rdev }: Stats): string {
  const major = (rdev >>> 8) & 0xfff;
  const minor = (rdev & 0xff) | ((rdev >>> 12) & 0xfff00);
  return `${major}:${minor}`;
}

function refused(why: string): DvmError {
  return new DvmError("invalid", `invalid mount config for type "bind": ${why}`);
}

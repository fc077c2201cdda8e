import type { Stats } from "node:fs";
import { readFile, realpath, stat } from "node:fs/promises";
import { DvmError } from "../../base/errors.ts";

/** Numbers of the devices that every container has, and their names in /dev. */
const everyonesDevices: ReadonlyMap<string, string> = new Map([
  ["1:3", "null"],
  ["1:5", "zero"],
  ["1:7", "full"],
  ["1:8", "random"],
  ["1:9", "urandom"],
  ["5:0", "tty"],
]);

/** What a bind's source on the host is. */
export type BindSource =
  | { kind: "folder" | "file" }
  /** A stream socket. */
  | { kind: "socket"; mode: number; uid: number; gid: number }
  /** One that every machine has, by its name in /dev. */
  | { kind: "device"; name: string };

/**
 * Fails with `invalid` where a bind of it isn't possible. It must be there, as with docker's
 * `--mount`: a typo makes no empty folder.
 */
export async function checkBindSource(source: string): Promise<BindSource> {
  const found = await stat(source).catch(() => undefined);
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

import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { runTool } from "../host/run-tool.ts";
import { findTool } from "../host/tools.ts";

/** A file system of less has no room for its journal and a few files. */
export const leastDiskBytes = 16 * 2 ** 20;

export interface DiskFormat {
  bytes: number;
  journalMiB: number;
  /** So many bytes of the disk for each file that it may hold. */
  bytesPerFile: number;
  /** For a person: `scratch disk`. */
  what: string;
}

/** No reserved blocks, no room to grow, inode tables left unwritten: the file stays nearly all hole. */
const options = [
  ...["-q", "-F", "-b", "4096", "-m", "0", "-O", "^resize_inode"],
  ...["-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard,root_owner=0:0"],
];

/** Makes a sparse file with an empty ext4 file system; it is at `path` whole or not at all. */
export async function formatDisk(
  dataRoot: string,
  path: string,
  { bytes, journalMiB, bytesPerFile, what }: DiskFormat,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await using file = await open(temporary, "w", 0o600);
    await file.truncate(bytes);
    const mkfs = await findTool(dataRoot, "mkfs.ext4");
    await runTool(
      mkfs?.path ?? "mkfs.ext4",
      [...options, "-i", String(bytesPerFile), "-J", `size=${journalMiB}`, temporary],
      {
        purpose: `format a ${what}`,
        ...(mkfs === undefined ? {} : { environment: mkfs.environment }),
        hint: "install e2fsprogs, or run `dvm setup`",
      },
    );
    await file.sync();
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

import { open, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ignore } from "../base/errors.ts";
import { diskBytes, isDisk, type VolumeOptions } from "./disk-options.ts";
import { formatDisk } from "./format-disk.ts";
import { volumeFolder } from "./volumes.ts";

/** The file of the host that such a volume is. */
export function volumeDisk(dataRoot: string, name: string): string {
  return join(dirname(volumeFolder(dataRoot, name)), "disk.img");
}

/** Where what is in a volume takes room. */
export function volumePlace(
  dataRoot: string,
  { name, options }: { name: string; options?: VolumeOptions | undefined },
): string {
  return isDisk(options) ? volumeDisk(dataRoot, name) : volumeFolder(dataRoot, name);
}

/** Makes the disk of a volume, where there is none. */
export async function makeVolumeDisk(
  dataRoot: string,
  { name, options = {} }: { name: string; options?: VolumeOptions | undefined },
): Promise<string> {
  const path = volumeDisk(dataRoot, name);
  if ((await ignore("ENOENT", () => stat(path))) !== undefined) return path;
  const bytes = Math.floor(diskBytes(options) / 4096) * 4096;
  const journalMiB = bytes < 2 ** 30 ? 4 : bytes < 2 ** 33 ? 16 : 64;
  await formatDisk(dataRoot, path, {
    ...{ bytes, journalMiB, bytesPerFile: 16_384, what: "disk for a volume" },
  });
  return path;
}

const superblockAt = 1024;
const mountCountAt = superblockAt + 0x34;
const incompatibleFeaturesAt = superblockAt + 0x60;
const needsRecovery = 0x4;

/** Whether it can be read as it is: it was used before, and nothing is left in its journal. */
export async function isReadable(path: string): Promise<boolean> {
  await using file = await open(path, "r");
  const head = Buffer.alloc(2 * superblockAt);
  await file.read(head, 0, head.length, 0);
  const isClean = (head.readUInt32LE(incompatibleFeaturesAt) & needsRecovery) === 0;
  return isClean && head.readUInt16LE(mountCountAt) > 0;
}

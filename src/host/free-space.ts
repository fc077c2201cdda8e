import { statfs } from "node:fs/promises";

/** What a file system still takes. */
export interface FreeSpace {
  bytes: number;
  /** How large it is in all. */
  totalBytes: number;
  /** Files that can be made; infinite where the file system doesn't count them. */
  files: number;
}

/** Room that only keeps what is being written; nothing is made ahead with less. */
const mostKeptBytes = 2 ** 30;
const keptPart = 0.05;
const keptFiles = 256;

export async function freeSpace(folder: string): Promise<FreeSpace> {
  const { bavail, blocks, bsize, files, ffree } = await statfs(folder);
  return {
    bytes: bavail * bsize,
    totalBytes: blocks * bsize,
    files: files === 0 ? Infinity : ffree,
  };
}

/** Whether so little is left that nothing should be put there which can be done without. */
export function isShort({ bytes, totalBytes, files }: FreeSpace): boolean {
  return bytes < Math.min(mostKeptBytes, totalBytes * keptPart) || files < keptFiles;
}

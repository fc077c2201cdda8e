import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { ignore } from "../base/errors.ts";
import { runTool } from "../host/run-tool.ts";
import { findTool } from "../host/tools.ts";

/** What a scratch disk seems to hold, if nothing else is asked for. */
export const scratchBytes = 16 * 2 ** 30;
/** A file system of less has no room for its journal and a few files. */
export const leastScratchBytes = 16 * 2 ** 20;
/** Raised when the way templates are made changes. */
const templateVersion = 4;

/**
 * Makes an empty ext4 disk at `path` from a template that is formatted once per data root. cp copies
 * what the template holds, not its holes: milliseconds, and less than 1 MB on the host's disk.
 */
export async function makeScratchDisk(
  dataRoot: string,
  path: string,
  bytes = scratchBytes,
): Promise<void> {
  if (bytes !== scratchBytes) return makeTemplate(dataRoot, path, bytes);
  const template = join(dataRoot, "scratch", `template-${templateVersion}-${scratchBytes}.img`);
  if ((await ignore("ENOENT", () => stat(template))) === undefined)
    await makeTemplate(dataRoot, template, scratchBytes);
  await copyDisk(template, path);
}

/** Copies a sparse file; it is at `path` whole or not at all. */
export async function copyDisk(from: string, path: string): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    await runTool("cp", ["--sparse=auto", "--reflink=auto", "--", from, temporary], {
      purpose: "make a scratch disk",
    });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * No reserved blocks, no room to grow, a small journal, inode tables left unwritten: the file stays
 * nearly all hole.
 */
const formatOptions = [
  ...["-q", "-F", "-b", "4096", "-m", "0", "-i", "32768", "-O", "^resize_inode"],
  ...["-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard,root_owner=0:0"],
];

/** Of a small disk a smaller part. */
function journalMiB(bytes: number): number {
  return bytes < 2 ** 30 ? 4 : 16;
}

async function makeTemplate(dataRoot: string, template: string, bytes: number): Promise<void> {
  await mkdir(join(template, ".."), { recursive: true, mode: 0o700 });
  const temporary = `${template}.${process.pid}.tmp`;
  try {
    await using file = await open(temporary, "w", 0o600);
    await file.truncate(bytes);
    const mkfs = await findTool(dataRoot, "mkfs.ext4");
    await runTool(
      mkfs?.path ?? "mkfs.ext4",
      [...formatOptions, "-J", `size=${journalMiB(bytes)}`, temporary],
      {
        purpose: "format a scratch disk",
        ...(mkfs === undefined ? {} : { environment: mkfs.environment }),
        hint: "install e2fsprogs, or run `dvm setup`",
      },
    );
    await file.sync();
    await rename(temporary, template);
  } finally {
    await rm(temporary, { force: true });
  }
}

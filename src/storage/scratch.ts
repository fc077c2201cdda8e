import { rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { ignore } from "../base/errors.ts";
import { runTool } from "../host/run-tool.ts";
import { formatDisk } from "./format-disk.ts";

/** What a scratch disk seems to hold, if nothing else is asked for. */
export const scratchBytes = 16 * 2 ** 30;
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

/** Of a small disk a smaller part. */
function journalMiB(bytes: number): number {
  return bytes < 2 ** 30 ? 4 : 16;
}

function makeTemplate(dataRoot: string, template: string, bytes: number): Promise<void> {
  return formatDisk(dataRoot, template, {
    ...{ bytes, journalMiB: journalMiB(bytes), bytesPerFile: 32_768 },
    what: "scratch disk",
  });
}

import { createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { DvmError, ignore, systemErrorCode } from "../../base/errors.ts";
import type { CliContext } from "../command.ts";

/** Writes an archive to `file`, where it is whole or not at all, or to standard output. */
export async function writeOutput(
  archive: Readable,
  file: string | undefined,
  { stdout, cwd }: CliContext,
): Promise<void> {
  if (file === undefined) {
    await pipeline(archive, stdout, { end: false });
    return;
  }
  const path = resolve(cwd, file);
  const there = await ignore("ENOENT", () => stat(path));
  // a device or a pipe takes it as it comes
  if (there !== undefined && !there.isFile() && !there.isDirectory()) {
    await pipeline(archive, createWriteStream(path));
    return;
  }
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await pipeline(archive, createWriteStream(temporary, { mode: 0o600 }));
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    if (systemErrorCode(cause) === undefined) throw cause;
    throw new DvmError("invalid", `cannot write ${file}: ${(cause as Error).message}`, { cause });
  }
}

/** A terminal would be spoilt by an archive. */
export function checkOutput(what: string, file: string | undefined, { stdout }: CliContext): void {
  if (file === undefined && stdout.isTTY)
    throw new DvmError(
      "invalid",
      `cowardly refusing to ${what} to a terminal. Use the -o flag or redirect`,
    );
}

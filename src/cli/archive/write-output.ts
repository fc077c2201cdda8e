import { once } from "node:events";
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
  try {
    if (file === undefined) await copy(archive, stdout);
    else await writeFile(archive, resolve(cwd, file));
  } catch (cause) {
    if (cause instanceof DvmError || systemErrorCode(cause) === undefined) throw cause;
    const where = file ?? "the archive";
    if (systemErrorCode(cause) === "ECONNRESET")
      throw new DvmError("unavailable", `cannot write ${where}: the daemon broke it off`, {
        cause,
        hint: "daemon.log in the run root says why",
      });
    throw new DvmError("invalid", `cannot write ${where}: ${(cause as Error).message}`, { cause });
  }
}

/** A pipeline would end standard output with the archive's error. */
async function copy(archive: Readable, stdout: NodeJS.WriteStream): Promise<void> {
  for await (const chunk of archive as AsyncIterable<Buffer>)
    if (!stdout.write(chunk)) await once(stdout, "drain");
}

async function writeFile(archive: Readable, path: string): Promise<void> {
  const there = await ignore("ENOENT", () => stat(path));
  // a device or a pipe takes it as it comes
  if (there !== undefined && !there.isFile() && !there.isDirectory())
    return pipeline(archive, createWriteStream(path));
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await pipeline(archive, createWriteStream(temporary, { mode: 0o600 }));
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** A terminal would be spoilt by an archive. */
export function checkOutput(file: string | undefined, { stdout }: CliContext): void {
  if (file === undefined && stdout.isTTY)
    throw new DvmError(
      "invalid",
      "cowardly refusing to save to a terminal. Use the -o flag or redirect",
    );
}

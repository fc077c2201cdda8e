import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import { DvmError, systemErrorCode } from "../../base/errors.ts";
import { tarFolder } from "./tar-folder.ts";

/** A file as it is, or a folder as a tar of what is in it. */
export async function openArchive(path: string, cwd: string): Promise<Readable> {
  const full = resolve(cwd, path);
  try {
    if ((await stat(full)).isDirectory()) return tarFolder(full);
    return createReadStream(full, { highWaterMark: 256 * 1024 });
  } catch (error) {
    if (systemErrorCode(error) !== "ENOENT") throw error;
    throw new DvmError("not-found", `open ${path}: no such file or directory`, { cause: error });
  }
}

import { mkdirSync, readdirSync, unlinkSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { randomFillSync } from "node:crypto";
import { join } from "node:path";
import { systemErrorCode } from "../base/errors.ts";
import { freeSpace } from "./free-space.ts";

/** So many files, for the places of files can be used up as bytes can. */
const fileCount = 32;
const mostFileBytes = 512 * 1024;
const blockBytes = 4096;
/** Of the file system, all files together. */
const reservePart = 0.05;
/** Made only where so many times as much is free. */
const roomFactor = 4;

/**
 * Space that is kept so that the daemon can give space back when nobody else has any: files without
 * meaning, 16 MiB or 5 % of a smaller disk, which go when the daemon itself can't write.
 */
export class DiskReserve {
  readonly #folder: string;
  #restoring: Promise<void> | undefined;

  constructor(dataRoot: string) {
    this.#folder = join(dataRoot, "reserve");
  }

  /** Gives all back at once; false: there was none. */
  release(): boolean {
    const names = this.#names();
    for (const name of names) unlinkSync(join(this.#folder, name));
    return names.length > 0;
  }

  /** Makes what lacks of it, where there is plenty of room. */
  async restore(): Promise<void> {
    this.#restoring ??= this.#fill().finally(() => (this.#restoring = undefined));
    await this.#restoring;
  }

  async #fill(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const known = new Set(await readdir(this.#folder));
    if (known.size >= fileCount) return;
    const { bytes, totalBytes, files } = await freeSpace(this.#folder);
    const share = Math.floor((totalBytes * reservePart) / fileCount / blockBytes) * blockBytes;
    const fileBytes = Math.min(mostFileBytes, share);
    if (bytes < fileBytes * fileCount * roomFactor || files < fileCount * roomFactor) return;
    // of zeros, a file system that compresses would keep nothing
    const content = randomFillSync(Buffer.alloc(fileBytes));
    for (let index = 0; index < fileCount; index += 1)
      if (!known.has(`${index}`))
        await writeFile(join(this.#folder, `${index}`), content, { mode: 0o600 });
  }

  #names(): string[] {
    try {
      return readdirSync(this.#folder);
    } catch (error) {
      if (systemErrorCode(error) !== "ENOENT") throw error;
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      return [];
    }
  }
}

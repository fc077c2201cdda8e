import { execFile } from "node:child_process";
import { open, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { systemErrorCode } from "../../src/base/errors.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const run = promisify(execFile);

export const needsRoot =
  process.getuid?.() === 0 ? {} : { skip: "mounting a small disk needs root" };

/** A disk of its own, an ext4 in a file, which a test may fill. */
export interface SmallDisk extends AsyncDisposable {
  path: string;
  /** Leaves so many bytes, or not one, and none for root either. */
  fill(leftBytes?: number): Promise<void>;
  /** Leaves no place for a file. */
  fillInodes(): Promise<void>;
  /** Takes away what {@link fill} and {@link fillInodes} have put there. */
  free(): Promise<void>;
  /** What a program could still write. */
  freeBytes(): Promise<number>;
}

export async function smallDisk(
  megabytes: number,
  { inodes }: { inodes?: number } = {},
): Promise<SmallDisk> {
  const undo = new AsyncDisposableStack();
  const image = undo.use(await temporaryFolder());
  const place = undo.use(await temporaryFolder());
  try {
    const file = join(image.path, "disk.img");
    await writeFile(file, "");
    await run("truncate", ["-s", `${megabytes}M`, file]);
    const counted = inodes === undefined ? [] : ["-N", String(inodes)];
    await run("mkfs.ext4", ["-q", "-F", "-m", "0", ...counted, file]);
    // the loop device goes with the mount
    await run("mount", ["-o", "loop", file, place.path]);
    undo.defer(async () => void (await run("umount", ["-l", place.path])));
    return new Ext4(place.path, undo.move());
  } catch (error) {
    await undo[Symbol.asyncDispose]();
    throw error;
  }
}

class Ext4 implements SmallDisk {
  readonly path: string;
  readonly #undo: AsyncDisposableStack;
  #filler = 0;

  constructor(path: string, undo: AsyncDisposableStack) {
    this.path = path;
    this.#undo = undo;
  }

  async fill(leftBytes = 0): Promise<void> {
    const name = join(this.path, `filler-${(this.#filler += 1)}`);
    await using file = await open(name, "w");
    // what is written takes less room than it seems to before it is on the disk
    while ((await this.freeBytes()) > leftBytes) {
      const left = (await this.freeBytes()) - leftBytes;
      const block = Buffer.alloc(Math.min(2 ** 20, Math.max(4096, left)), 1);
      if (!(await fits(() => file.writeFile(block)))) await file.datasync();
      else if (left < 2 ** 24) await file.datasync();
    }
  }

  async fillInodes(): Promise<void> {
    const name = () => join(this.path, `filler-${(this.#filler += 1)}`);
    while (await fits(() => writeFile(name(), "")));
  }

  async free(): Promise<void> {
    for (; this.#filler > 0; this.#filler -= 1)
      await rm(join(this.path, `filler-${this.#filler}`), { force: true });
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.path);
    return bavail * bsize;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#undo[Symbol.asyncDispose]();
  }
}

async function fits(write: () => Promise<void>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (systemErrorCode(error) === "ENOSPC") return false;
    throw error;
  }
}

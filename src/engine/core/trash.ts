import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { describeError, ignore } from "../../base/errors.ts";
import { newId } from "../../base/ids.ts";

/**
 * Takes folders away at once and frees their space afterwards: freeing a used scratch disk takes
 * milliseconds for which nobody need wait. What a crash leaves in it goes at the next start.
 */
export class Trash implements AsyncDisposable {
  readonly #folder: string;
  readonly #log: (message: string) => void;
  readonly #emptying = new Set<Promise<void>>();

  private constructor(folder: string, log: (message: string) => void) {
    this.#folder = folder;
    this.#log = log;
  }

  /** `folder` lies on the file system of what will be thrown away. */
  static async open(folder: string, log: (message: string) => void): Promise<Trash> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const name of await readdir(folder))
      await rm(join(folder, name), { recursive: true, force: true });
    return new Trash(folder, log);
  }

  /** When this returns there is nothing at `path`. */
  async throwAway(path: string): Promise<void> {
    const place = join(this.#folder, newId());
    const moved = await ignore("ENOENT", async () => {
      await rename(path, place);
      return true;
    });
    if (moved === undefined) return;
    const emptying = rm(place, { recursive: true, force: true })
      .catch((error: unknown) => this.#log(`cannot free ${place}: ${describeError(error)}`))
      .finally(() => this.#emptying.delete(emptying));
    this.#emptying.add(emptying);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#emptying);
  }
}

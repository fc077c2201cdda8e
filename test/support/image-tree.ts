import { execFile } from "node:child_process";
import { open, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Writes the bytes that a composed disk stands for, extent by extent, to `path`. */
export async function flatten(descriptor: string, path: string): Promise<void> {
  await using to = await open(path, "w");
  for (const line of (await readFile(descriptor, "utf8")).split("\n")) {
    const [, sectors, file] = /^RW (\d+) FLAT "(.*)" 0$/.exec(line) ?? [];
    if (sectors === undefined || file === undefined) continue;
    const bytes = await readFile(resolve(dirname(descriptor), file));
    await to.write(bytes, 0, Number(sectors) * 512);
  }
}

/**
 * What erofs-utils, a reader that isn't ours, finds in a composed disk: `fsck.erofs` passes it, and
 * its files are unpacked into the folder that is given back.
 */
export async function extract(descriptor: string, work: string): Promise<string> {
  const flat = join(work, "flat.erofs");
  const target = join(work, "extracted");
  await flatten(descriptor, flat);
  await run("fsck.erofs", [`--extract=${target}`, "--preserve", flat]);
  return target;
}

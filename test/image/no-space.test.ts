import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { DvmError } from "../../src/base/errors.ts";
import { ImageStore } from "../../src/image/store/image-store.ts";
import { digestOf, dockerArchive, makeTar, streamOf } from "../support/tar.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const run = promisify(execFile);

/** What a store on a disk of so many bytes says of each archive; it keeps nothing of them, and still takes others. */
async function refusals(megabytes: number, archives: readonly Buffer[]): Promise<string[]> {
  await using folder = await temporaryFolder();
  const small = makeTar(dockerArchive([makeTar([{ path: "small", content: "fits" }])]));
  await run("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder.path]);
  try {
    await using store = await ImageStore.open(folder.path);
    const messages: string[] = [];
    for (const archive of archives) {
      const error: unknown = await store.load(streamOf(archive)).catch((cause: unknown) => cause);
      assert(error instanceof DvmError, String(error));
      assert.equal(error.code, "no-space", error.message);
      messages.push(error.message);
      for (const name of ["layers", "disks", "tmp"])
        assert.deepEqual(await readdir(join(folder.path, name)), [], name);
    }
    assert.equal((await store.load(streamOf(small))).length, 1);
    return messages;
  } finally {
    await run("umount", [folder.path]);
  }
}

const needsRoot = process.getuid?.() === 0 ? {} : { skip: "mounting a small disk needs root" };
const says = /cannot store the image: no space is left for/;

test(
  "an image that doesn't fit on the disk is refused, and the store stays usable",
  needsRoot,
  async () => {
    const large = makeTar([{ path: "large", content: randomBytes(8 << 20) }]);
    for (const message of await refusals(4, [makeTar(dockerArchive([large]))]))
      assert.match(message, says);
  },
);

test(
  "a kilobyte that stands for more than the disk is refused before it fills it",
  needsRoot,
  async () => {
    const bomb = makeTar(
      Array.from({ length: 8 }, (_, index) => ({
        path: String(index),
        content: Buffer.alloc(8 << 20),
      })),
    );
    const claim = { "GNU.sparse.map": "0,1", "GNU.sparse.numblocks": "1" };
    const pax = { ...claim, "GNU.sparse.size": String(2 ** 40) };
    const holes = makeTar([{ path: "holes", content: "x", pax }]);
    const packed = [gzipSync(bomb), zstdCompressSync(bomb), gzipSync(holes)];
    const archives = packed.map((layer, index) =>
      makeTar(dockerArchive([layer], { diffIds: [digestOf(index === 2 ? holes : bomb)] })),
    );
    for (const message of await refusals(32, archives)) assert.match(message, says);
  },
);

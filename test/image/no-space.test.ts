import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { ImageStore } from "../../src/image/image-store.ts";
import { dockerArchive, makeTar, streamOf } from "../support/tar.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const run = promisify(execFile);

test("an image that doesn't fit on the disk is refused, and the store stays usable", async (context) => {
  if (process.getuid?.() !== 0) return context.skip("mounting a small disk needs root");
  await using folder = await temporaryFolder();
  await run("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", folder.path]);
  try {
    await using store = await ImageStore.open(folder.path);
    const large = makeTar([{ path: "large", content: randomBytes(8 << 20) }]);
    const small = makeTar([{ path: "small", content: "fits" }]);
    await assert.rejects(store.load(streamOf(makeTar(dockerArchive([large])))), {
      code: "no-space",
      message: /cannot store the image: no space is left for/,
    });
    for (const name of ["layers", "disks", "tmp"])
      assert.deepEqual(await readdir(join(folder.path, name)), [], name);
    assert.equal((await store.load(streamOf(makeTar(dockerArchive([small]))))).length, 1);
  } finally {
    await run("umount", [folder.path]);
  }
});

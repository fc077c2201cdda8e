import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { makeScratchDisk } from "../../src/storage/scratch.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("a scratch disk is a sound ext4 that takes little of the host's disk", async () => {
  await using folder = await temporaryFolder();
  for (const name of ["one", "two"]) {
    const path = join(folder.path, name);
    await makeScratchDisk(folder.path, path);
    const { size, blocks } = await stat(path);
    assert.equal(size, 16 * 2 ** 30);
    assert(blocks * 512 < 8 * 2 ** 20, `${blocks * 512} bytes on the host's disk`);
    const fsck = "PATH=$PATH:/usr/sbin:/sbin; fsck.ext4 -fn";
    await promisify(execFile)("sh", ["-c", `${fsck} "$0"`, path]);
  }
});

import assert from "node:assert/strict";
import { appendFile, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { TestDaemon } from "../support/test-daemon.ts";

const image = "dvm-fixture:small";
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start({ images: ["small.docker-save.tar"] });
});
after(() => daemon?.[Symbol.asyncDispose]());

test("a sparse file keeps its holes on its way in and out", async () => {
  await using work = await temporaryFolder();
  const path = join(work.path, "sparse");
  await writeFile(path, "begin");
  await truncate(path, 50_000_000);
  await appendFile(path, "end");
  const name = "sparse";
  await daemon.succeeds(["run", "-d", "--name", name, image, "sleep 600"]);
  await daemon.succeeds(["cp", path, `${name}:/sparse`]);
  const { stdout } = await daemon.dvm(["exec", name, "stat", "-c", "%s %b", "/sparse"]);
  const [size, blocks] = stdout.trim().split(" ").map(Number);
  assert.equal(size, 50_000_003);
  assert((blocks ?? Infinity) * 512 < 100_000, `in the container it takes ${blocks} blocks`);
  await daemon.succeeds(["cp", `${name}:/sparse`, join(work.path, "back")]);
  const back = await stat(join(work.path, "back"));
  assert.deepEqual([back.size, back.blocks * 512 < 100_000], [50_000_003, true]);
  assert((await readFile(join(work.path, "back"))).equals(await readFile(path)));
  await daemon.succeeds(["rm", "-f", name]);
});

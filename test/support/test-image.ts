import { cp, mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ignore } from "../../src/base/errors.ts";
import { ImageStore } from "../../src/image/store/image-store.ts";
import { testCache } from "./cache.ts";
import { digestOf, dockerArchive, makeTar, streamOf } from "./tar.ts";

/** The image that every test engine has. */
export const testImage = "made:latest";

/**
 * Makes an image store at `root` that holds {@link testImage}. Its disk takes a process of its own,
 * which is half the time of most tests: a store that was made before is copied.
 */
export async function makeTestImages(root: string): Promise<void> {
  const layer = makeTar([{ path: "etc/motd", content: "welcome\n" }]);
  const archive = makeTar(dockerArchive([layer], { name: testImage }));
  const kept = join(testCache, "test-images", digestOf(archive).slice("sha256:".length));
  await ignore("ENOENT", () => cp(kept, root, { recursive: true }));
  if (await hasImage(root)) return;
  await load(root, archive);
  await keep(root, kept);
}

async function load(root: string, archive: Buffer): Promise<void> {
  await using images = await ImageStore.open(root);
  await images.load(streamOf(archive));
}

/** A store of another version has none. */
async function hasImage(root: string): Promise<boolean> {
  await using images = await ImageStore.open(root);
  return images.list().length > 0;
}

async function keep(root: string, kept: string): Promise<void> {
  const temporary = `${kept}.${process.pid}`;
  await mkdir(dirname(kept), { recursive: true });
  await cp(root, temporary, { recursive: true });
  await rm(kept, { recursive: true, force: true });
  // another test may have been quicker
  await ignore("ENOTEMPTY", () => rename(temporary, kept));
  await rm(temporary, { recursive: true, force: true });
}

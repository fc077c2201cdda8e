import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { promisify } from "node:util";
import { ImageStore } from "../../src/image/store/image-store.ts";
import { layerFiles } from "../../src/image/layer/layer.ts";
import { makeTar, streamOf, type MadeEntry } from "../support/tar.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const run = promisify(execFile);

/** What the store gives back of a layer that it took. */
async function givenBack(tar: Buffer): Promise<Buffer> {
  await using folder = await temporaryFolder();
  await using store = await ImageStore.open(folder.path);
  const { id } = await store.importRootFs(streamOf(tar));
  const [diffId = ""] = store.find(id).layers;
  return await buffer(store.openLayerTar(diffId));
}

const sizes = [0, 1, 511, 512, 513, 4031, 4032, 4033, 4096, 70_000, 3_000_000];
const entries: MadeEntry[] = [
  { path: "folder/", type: "5" },
  ...sizes.map((size) => ({ path: `folder/f${size}`, content: Buffer.alloc(size, `of ${size} `) })),
  { path: "link", type: "2", link: "folder" },
  { path: "with-xattr", content: "x", pax: { "SCHILY.xattr.user.a": Buffer.from([0, 255, 10]) } },
  { path: "again", type: "1", link: "folder/f1" },
];

test("a layer's tar comes back byte for byte", async () => {
  const tar = makeTar(entries);
  assert((await givenBack(tar)).equals(tar));
});

test("what stands behind a tar's end, or misses there, comes back too", async () => {
  const tar = makeTar(entries);
  for (const odd of [
    Buffer.concat([tar, Buffer.alloc(10_240), Buffer.from("something else")]),
    tar.subarray(0, -1024),
    makeTar([]),
  ])
    assert((await givenBack(odd)).equals(odd));
});

test("GNU tar's own formats come back byte for byte", async () => {
  await using folder = await temporaryFolder();
  const source = join(folder.path, "source");
  await mkdir(join(source, "d".repeat(120), "e".repeat(120)), { recursive: true });
  await writeFile(join(source, "d".repeat(120), "e".repeat(120), "file"), "content");
  for (const format of ["gnu", "pax", "oldgnu"]) {
    const path = join(folder.path, `${format}.tar`);
    await run("tar", ["-C", source, `--format=${format}`, "-cf", path, "."]);
    const tar = await readFile(path);
    assert((await givenBack(tar)).equals(tar), format);
  }
});

test("ten thousand small files come back", async () => {
  const many = Array.from({ length: 10_000 }, (_, index) => ({
    path: `many/${index}`,
    content: Buffer.alloc(index % 5000, String(index)),
  }));
  const tar = makeTar(many);
  assert((await givenBack(tar)).equals(tar));
});

test("one changed byte in what is kept is noticed when the layer is read", async () => {
  await using folder = await temporaryFolder();
  await using store = await ImageStore.open(folder.path);
  const { id } = await store.importRootFs(streamOf(makeTar(entries)));
  const [diffId = ""] = store.find(id).layers;
  const { data, headers } = layerFiles(store.layerFolder(diffId));
  for (const [path, mark] of [[data, "of 3000000 "] as const, [headers, ""] as const]) {
    const whole = await readFile(path);
    const at = mark === "" ? whole.length - 30 : whole.lastIndexOf(mark);
    await using file = await open(path, "r+");
    await file.write(Buffer.from([(whole[at] ?? 0) ^ 1]), 0, 1, at);
    await assert.rejects(buffer(store.openLayerTar(diffId)), { code: "damaged" }, path);
    await file.write(whole, 0, whole.length, 0);
  }
  await buffer(store.openLayerTar(diffId));
});

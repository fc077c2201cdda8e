import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { promisify } from "node:util";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { ImageStore } from "../../src/image/store/image-store.ts";
import { extract } from "../support/image-tree.ts";
import { digestOf, dockerArchive, makeTar, streamOf, type MadeEntry } from "../support/tar.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const run = promisify(execFile);

/** Loads an image of these layers and gives the folder into which erofs-utils unpacked it. */
async function loaded(work: string, layers: MadeEntry[][]): Promise<string> {
  await using store = await ImageStore.open(join(work, "store"));
  const archive = makeTar(dockerArchive(layers.map(makeTar)));
  const [image] = await store.load(streamOf(archive));
  assert(image !== undefined);
  return await extract((await store.disk(image.id)).path, work);
}

async function textsIn(folder: string): Promise<Record<string, string>> {
  const { stdout } = await run("find", [".", "-type", "f", "-printf", "%P\\0"], { cwd: folder });
  const found: Record<string, string> = {};
  for (const name of stdout.split("\0").filter((one) => one !== ""))
    found[name] = await readFile(join(folder, name), "utf8");
  return found;
}

test("an upper layer replaces, adds and hides what is below it", async () => {
  await using folder = await temporaryFolder();
  const tree = await loaded(folder.path, [
    [
      { path: "keep", content: "one" },
      { path: "replace", content: "one" },
      { path: "hide", content: "one" },
      { path: "folder/inside", content: "one" },
      { path: "opaque/old", content: "one" },
      { path: "file-to-folder", content: "one" },
      { path: "folder-to-file/inside", content: "one" },
    ],
    [
      { path: "replace", content: "two" },
      { path: ".wh.hide" },
      { path: "folder/.wh.inside" },
      { path: "folder/new", content: "two" },
      { path: "opaque/new", content: "two" },
      { path: "opaque/.wh..wh..opq" },
      { path: "file-to-folder/inside", content: "two" },
      { path: ".wh.file-to-folder" },
      { path: "folder-to-file", content: "two" },
    ],
  ]);
  assert.deepEqual(await textsIn(tree), {
    keep: "one",
    replace: "two",
    "folder/new": "two",
    "opaque/new": "two",
    "file-to-folder/inside": "two",
    "folder-to-file": "two",
  });
});

test("a whiteout hides what is below, not what its own layer brings", async () => {
  await using folder = await temporaryFolder();
  const tree = await loaded(folder.path, [
    [{ path: "a", content: "old" }],
    [{ path: "a", content: "new" }, { path: ".wh.a" }],
  ]);
  assert.deepEqual(await textsIn(tree), { a: "new" });
});

test("a file that goes through a link lands where the link leads inside the image", async () => {
  await using folder = await temporaryFolder();
  const tree = await loaded(folder.path, [
    [
      { path: "usr/lib/", type: "5" },
      { path: "lib", type: "2", link: "usr/lib" },
      { path: "up", type: "2", link: "../../usr" },
    ],
    [
      { path: "lib/file", content: "1" },
      { path: "up/other", content: "2" },
    ],
  ]);
  assert.deepEqual(await textsIn(tree), { "usr/lib/file": "1", "usr/other": "2" });
  assert.equal(await readlink(join(tree, "lib")), "usr/lib");
});

test("hard links over layers share one inode", async () => {
  await using folder = await temporaryFolder();
  await using store = await ImageStore.open(join(folder.path, "store"));
  const layers = [
    makeTar([{ path: "a", content: "same" }]),
    makeTar([{ path: "sub/b", type: "1", link: "a" }]),
  ];
  const [image] = await store.load(streamOf(makeTar(dockerArchive(layers))));
  assert(image !== undefined);
  const { path } = await store.disk(image.id);
  await extract(path, folder.path);
  const stat = async (name: string) =>
    (await run("dump.erofs", [`--path=${name}`, join(folder.path, "flat.erofs")])).stdout;
  const [a, b] = [await stat("/a"), await stat("/sub/b")];
  assert.match(a, /Links: 2/);
  assert.equal(/NID: \d+/.exec(a)?.[0], /NID: \d+/.exec(b)?.[0]);
});

test("contents of every size around a block come back byte for byte", async () => {
  await using folder = await temporaryFolder();
  const sizes = [0, 1, 4031, 4032, 4033, 4095, 4096, 4097, 8192, 1_000_000];
  const content = (size: number) => Buffer.alloc(size, `size ${size} `);
  const entries = sizes.map((size) => ({ path: `f${size}`, content: content(size) }));
  const tree = await loaded(folder.path, [entries]);
  for (const size of sizes)
    assert((await readFile(join(tree, `f${size}`))).equals(content(size)), String(size));
});

test("a folder of five thousand names and long names is whole", async () => {
  await using folder = await temporaryFolder();
  const names = Array.from(
    { length: 5000 },
    (_, index) => `many/${index}-${"x".repeat(index % 60)}`,
  );
  const longest = "ü".repeat(127);
  const entries: MadeEntry[] = names.map((path) => ({ path }));
  const tree = await loaded(folder.path, [
    [...entries, { path: "x", pax: { path: longest }, content: "long" }],
  ]);
  assert.equal((await readdir(join(tree, "many"))).length, 5000);
  assert.equal(await readFile(join(tree, longest), "utf8"), "long");
});

test("what GNU tar packs is what erofs-utils unpacks: modes, owners, times, links", async () => {
  await using folder = await temporaryFolder();
  const source = join(folder.path, "source");
  await mkdir(join(source, "sub/deeper"), { recursive: true });
  await writeFile(join(source, "sub/file"), "x".repeat(5000), { mode: 0o751 });
  await run("sh", ["-ec", script], { cwd: source });
  const tar = join(folder.path, "root.tar");
  await run("tar", ["-C", source, "--format=posix", "-cf", tar, "."]);
  await using store = await ImageStore.open(join(folder.path, "store"));
  const { id } = await store.importRootFs(streamOf(await readFile(tar)));
  const tree = await extract((await store.disk(id)).path, folder.path);
  const list = async (root: string) => {
    const { stdout } = await run("find", [".", "-printf", "%P %y %m %U:%G %T@ %l\n"], {
      cwd: root,
    });
    return stdout.split("\n").sort();
  };
  assert.deepEqual(await list(tree), await list(source));
});

const script = `
mkfifo fifo
ln -s sub/deeper link
touch -d '1999-12-31 23:59:59.5 UTC' sub/deeper
if [ "$(id -u)" = 0 ]; then chown 70000:123 sub/file; mknod null c 1 3; fi
`;

test("a layer is the same however it is compressed, and is kept once", async () => {
  await using folder = await temporaryFolder();
  await using store = await ImageStore.open(folder.path);
  const layer = makeTar([{ path: "file", content: "content" }]);
  const packed = [
    layer,
    gzipSync(layer),
    zstdCompressSync(layer),
    ...["xz", "bzip2"].map((program) => execFileSync(program, ["-c"], { input: layer })),
  ];
  for (const bytes of packed)
    await store.load(streamOf(makeTar(dockerArchive([bytes], { diffIds: [digestOf(layer)] }))));
  assert.equal(store.list().length, 1);
  assert.equal((await readdir(join(folder.path, "layers"))).length, 1);
});

test("a layer of several gzip members or zstd frames is read whole, and nothing else may follow", async () => {
  const layer = makeTar([{ path: "file", content: Buffer.alloc(300_000, "content") }]);
  const [first, second] = [layer.subarray(0, 100_000), layer.subarray(100_000)];
  const skipped = Buffer.concat([Buffer.from("502a4d1805000000", "hex"), Buffer.from("index")]);
  const zeros = Buffer.alloc(512);
  const read: Record<string, Buffer[]> = {
    gzip: [gzipSync(first), gzipSync(Buffer.alloc(0)), gzipSync(second), zeros],
    zstd: [skipped, zstdCompressSync(first), skipped, zstdCompressSync(second), skipped],
    small: Array.from({ length: 600 }, (_, at) =>
      zstdCompressSync(layer.subarray(at * 512, (at + 1) * 512)),
    ),
  };
  for (const [what, parts] of Object.entries(read)) {
    await using folder = await temporaryFolder();
    await using store = await ImageStore.open(folder.path);
    const { id } = await store.importRootFs(Readable.from(parts));
    assert.deepEqual(store.find(id).layers, [digestOf(layer)], what);
  }
  for (const packed of [gzipSync(layer), zstdCompressSync(layer)]) {
    await using folder = await temporaryFolder();
    await using store = await ImageStore.open(folder.path);
    const spoiled = Buffer.concat([packed, Buffer.from("something else")]);
    await assert.rejects(store.importRootFs(streamOf(spoiled)), /compressed data is damaged/);
  }
});

test("an archive that is compressed as a whole is read too", async () => {
  await using folder = await temporaryFolder();
  await using store = await ImageStore.open(folder.path);
  const archive = makeTar(dockerArchive([makeTar([{ path: "file" }])]));
  await store.load(streamOf(gzipSync(archive)));
  await store.load(streamOf(zstdCompressSync(archive)));
  assert.equal(store.list().length, 1);
});

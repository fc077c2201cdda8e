import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { DvmError, type ErrorCode } from "../../src/base/errors.ts";
import { parseJson } from "../../src/base/parse-json.ts";
import { ImageStore } from "../../src/image/store/image-store.ts";
import { flatten } from "../support/image-tree.ts";
import { manyFiles } from "../support/many-files.ts";
import { digestOf, dockerArchive, makeTar, streamOf, type MadeEntry } from "../support/tar.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const plain: MadeEntry[] = [
  { path: "etc/", type: "5" },
  { path: "etc/passwd", content: "root:x:0:0::/:/bin/sh\n" },
];

interface Case {
  what: string;
  archive: Buffer;
  code: ErrorCode;
  says: RegExp;
}

const cases: Case[] = [
  refusedLayer(
    "a layer that leads out by ../",
    { path: "../etc/shadow" },
    /leads out of the image/,
  ),
  refusedLayer(
    "a layer that leads out by a/../..",
    { path: "a/../../b" },
    /leads out of the image/,
  ),
  refusedLayer(
    "a hard link to nowhere",
    { path: "x", type: "1", link: "nowhere" },
    /hard link to "nowhere", which isn't there/,
  ),
  refusedLayer("a hard link out", { path: "x", type: "1", link: "../../etc/passwd" }, /leads out/),
  refusedLayer("a file below a file", { path: "etc/passwd/x" }, /one of its folders is none/),
  refusedLayer(
    "a name of 256 bytes",
    { path: "x", pax: { path: "n".repeat(256) } },
    /a name of 256 bytes/,
  ),
  refusedLayer("a NUL in a name", { path: "x", pax: { path: "a\0b" } }, /NUL in a name/),
  refusedLayer(
    "a file that claims 8 EiB",
    { path: "x", claimedSize: 2n ** 63n },
    /claims .* bytes, more than/,
  ),
  refusedLayer("a negative size", { path: "x", pax: { size: "-1" } }, /the number "-1"/),
  {
    what: "links that lead to each other",
    archive: archiveOf(
      { path: "a", type: "2", link: "b" },
      { path: "b", type: "2", link: "a" },
      { path: "a/file" },
    ),
    code: "damaged",
    says: /too many links/,
  },
  {
    what: "entries that all go a long way round by links",
    archive: archiveOf(
      ...Array.from({ length: 40 }, (_, index) => ({
        path: `l${index}`,
        type: "2",
        pax: { linkpath: `${"./".repeat(1900)}${index === 39 ? "." : `l${index + 1}`}` },
      })),
      ...Array.from({ length: 700 }, (_, index) => ({ path: `l0/f${index}` })),
    ),
    code: "invalid",
    says: /the ways to its files have more than/,
  },
  refusedLayer(
    "a path of 4097 bytes",
    { path: "x", pax: { path: "a/".repeat(2048) + "b" } },
    /a name of 4097 bytes/,
  ),
  refusedLayer(
    "a hard link to a folder",
    { path: "x", type: "1", link: "etc" },
    /a hard link to folder "etc"/,
  ),
  refusedLayer(
    "a link to nothing",
    { path: "x", type: "2", link: "" },
    /a link to a name of 0 bytes/,
  ),
  {
    what: "endless headers of one entry",
    archive: archiveOf(...Array.from({ length: 40 }, () => ({ path: "g", type: "g" }))),
    code: "damaged",
    says: /headers for one entry/,
  },
  {
    what: "attributes that are larger than an inode has room for",
    archive: archiveOf({ path: "x", pax: { "SCHILY.xattr.user.large": "v".repeat(5000) } }),
    code: "unsupported",
    says: /extended attributes need/,
  },
  {
    what: "a manifest of 100 MB",
    archive: makeTar([{ path: "manifest.json", content: Buffer.alloc(100_000_000, " ") }]),
    code: "invalid",
    says: /"manifest\.json" has more than the 8388608 bytes/,
  },
  {
    what: "a manifest of two million lists",
    archive: makeTar([{ path: "manifest.json", content: `[${"[],".repeat(2e6)}[]]` }]),
    code: "damaged",
    says: /"manifest\.json" is not valid/,
  },
  {
    what: "a manifest of lists a million deep",
    archive: makeTar([{ path: "manifest.json", content: "[".repeat(1e6) + "]".repeat(1e6) }]),
    code: "damaged",
    says: /"manifest\.json" is not valid/,
  },
  {
    what: "an archive of more files than any has",
    archive: Buffer.alloc(20_001 * 512, makeTar([{ path: "x" }]).subarray(0, 512)),
    code: "invalid",
    says: /more than 20000 entries/,
  },
  {
    what: "a manifest of more images than anybody has",
    archive: makeTar([
      {
        path: "manifest.json",
        content: JSON.stringify(Array.from({ length: 2000 }, () => ({ Config: "c" }))),
      },
    ]),
    code: "invalid",
    says: /it names 2000 images, 1024 is the most/,
  },
  {
    what: "indexes that lead to ever more indexes",
    archive: makeTar(nestedIndexes(6)),
    code: "damaged",
    says: /indexes lead to ever more indexes/,
  },
  {
    what: "layers that are links which lead to each other",
    archive: makeTar([
      ...dockerArchive([makeTar(plain)]).slice(1),
      { path: "0/layer.tar", type: "2", link: "other" },
      { path: "0/other", type: "2", link: "layer.tar" },
    ]),
    code: "damaged",
    says: /"0\/layer\.tar": too many links/,
  },
  {
    what: "a layer that is a file with holes, and claims a terabyte",
    archive: makeTar([
      {
        path: "layer.tar",
        pax: {
          "GNU.sparse.map": "",
          "GNU.sparse.numblocks": "0",
          "GNU.sparse.size": String(2 ** 40),
        },
      },
    ]),
    code: "unsupported",
    says: /"layer\.tar" has holes/,
  },
  {
    what: "a configuration that is not UTF-8",
    archive: makeTar(notUtf8(dockerArchive([makeTar(plain)], { config: { User: "?" } }))),
    code: "damaged",
    says: /its configuration is not UTF-8/,
  },
  {
    what: "a map of holes that overlap",
    archive: archiveOf(withHoles("0,10,5,10", 20)),
    code: "damaged",
    says: /a map of holes with 10 bytes at 5/,
  },
  {
    what: "a map of holes that leads behind the file's end",
    archive: archiveOf(withHoles("0,10,100,10", 20)),
    code: "damaged",
    says: /a map of holes with 10 bytes at 100/,
  },
  {
    what: "a file with holes that misses some of its data",
    archive: archiveOf(withHoles("0,10", 5)),
    code: "damaged",
    says: /a file with holes of 10 bytes that has 5/,
  },
  {
    what: "an archive that is cut off",
    archive: makeTar(dockerArchive([makeTar(plain)])).subarray(0, 2000),
    code: "damaged",
    says: /ends too early/,
  },
  {
    what: "a compressed layer that is cut off",
    archive: makeTar(
      dockerArchive([gzipSync(makeTar(plain)).subarray(0, 60)], {
        diffIds: [digestOf(makeTar(plain))],
      }),
    ),
    code: "damaged",
    says: /compressed data is damaged/,
  },
  {
    what: "a layer with one bit turned",
    archive: makeTar(
      dockerArchive([makeTar([{ path: "x", content: "b" }])], {
        diffIds: [digestOf(makeTar([{ path: "x", content: "a" }]))],
      }),
    ),
    code: "damaged",
    says: /layer 1 should be sha256:.*, but is sha256:/,
  },
  {
    what: "a header with a wrong checksum",
    archive: spoiled(makeTar(dockerArchive([makeTar(plain)])), 600),
    code: "damaged",
    says: /checksum is wrong|is missing/,
  },
  { what: "nothing at all", archive: Buffer.alloc(0), code: "damaged", says: /it is empty/ },
  {
    what: "the tar of a root file system",
    archive: makeTar(plain),
    code: "damaged",
    says: /neither a manifest\.json .* nor an index\.json/,
  },
  {
    what: "a manifest that is no JSON",
    archive: makeTar([{ path: "manifest.json", content: "[" }]),
    code: "damaged",
    says: /"manifest\.json" is not valid/,
  },
  {
    what: "a manifest that names a layer which isn't there",
    archive: makeTar(dockerArchive([makeTar(plain)]).slice(1)),
    code: "damaged",
    says: /layer "0\/layer\.tar" is missing/,
  },
  {
    what: "what only begins as xz",
    archive: Buffer.concat([Buffer.from("\xfd7zXZ\0", "latin1"), Buffer.alloc(600)]),
    code: "damaged",
    says: /compressed data is damaged \(xz: /,
  },
  {
    what: "what only begins as bzip2",
    archive: Buffer.concat([Buffer.from("BZh9"), Buffer.alloc(600)]),
    code: "damaged",
    says: /compressed data is damaged \(bzip2: /,
  },
];

for (const { what, archive, code, says } of cases) {
  test(`loading ${what} fails with a clear error and leaves nothing`, async () => {
    await using folder = await temporaryFolder();
    await using store = await ImageStore.open(folder.path);
    await assert.rejects(store.load(streamOf(archive)), (error) => {
      assert(error instanceof DvmError);
      assert.equal(error.code, code, error.message);
      assert.match(error.message, says);
      return true;
    });
    assert.deepEqual(store.list(), []);
    for (const name of ["layers", "disks", "tmp"])
      assert.deepEqual(await readdir(join(folder.path, name)), [], name);
  });
}

test("a link that leads up and out stays inside the image", async () => {
  await using folder = await temporaryFolder();
  await using store = await ImageStore.open(folder.path);
  const layer = makeTar([
    { path: "out", type: "2", link: "../../../../tmp" },
    { path: "via", type: "2", link: "/out" },
    { path: "via/planted", content: "inside" },
  ]);
  const [image] = await store.load(streamOf(makeTar(dockerArchive([layer]))));
  assert(image !== undefined);
  await assert.doesNotReject(store.disk(image.id));
});

test("a layer of more than a million files is refused", { timeout: 300_000 }, async () => {
  await using folder = await temporaryFolder();
  await using store = await ImageStore.open(folder.path);
  const million = Readable.from(manyFiles(1_001_000));
  await assert.rejects(store.importRootFs(million), /more than 1000000 entries/);
  assert.deepEqual(await readdir(join(folder.path, "tmp")), []);
});

test("an archive's layer that comes twice can't put another's bytes in its place", async () => {
  await using folder = await temporaryFolder();
  await using store = await ImageStore.open(folder.path);
  const good = makeTar([{ path: "good", content: "what the digest says" }]);
  const evil = makeTar([{ path: "evil", content: "something else" }]);
  const [first, ...rest] = dockerArchive([good]);
  assert(first !== undefined);
  const archive = makeTar([first, first, { path: "evil.tar", content: evil }, ...rest]);
  const [image] = await store.load(streamOf(archive));
  const [diffId = ""] = store.find(image?.id ?? "").layers;
  assert.equal(diffId, digestOf(good));
  assert((await buffer(store.openLayerTar(diffId))).equals(good));
});

test("an image that a manifest names twice is one image with both names", async () => {
  await using folder = await temporaryFolder();
  await using store = await ImageStore.open(folder.path);
  const parts = dockerArchive([makeTar(plain)], { name: "one:1" });
  const manifest = parts.at(-1);
  const [named] = JSON.parse(String(manifest?.content)) as { RepoTags: string[] }[];
  const content = JSON.stringify([named, { ...named, RepoTags: ["two:2", "one:1"] }]);
  const loaded = await store.load(
    streamOf(makeTar([...parts.slice(0, -1), { path: "manifest.json", content }])),
  );
  assert.deepEqual(
    loaded.map(({ references }) => references),
    [["one:1", "two:2"]],
  );
  assert.deepEqual(store.list().length, 1);
});

test("folders two thousand deep are an image that erofs-utils find whole", async () => {
  await using folder = await temporaryFolder();
  await using store = await ImageStore.open(join(folder.path, "store"));
  const deepest = `${"d/".repeat(2047)}f`;
  const layer = makeTar([{ path: "x", pax: { path: deepest }, content: "deep" }]);
  const { id } = await store.importRootFs(streamOf(layer));
  const flat = join(folder.path, "flat.erofs");
  await flatten((await store.disk(id)).path, flat);
  const { stdout } = await promisify(execFile)("dump.erofs", ["-s", flat]);
  assert.match(stdout, /Filesystem inode count: +2049/);
});

function refusedLayer(what: string, entry: MadeEntry, says: RegExp): Case {
  return { what, archive: archiveOf(...plain, entry), code: "damaged", says };
}

function archiveOf(...entries: MadeEntry[]): Buffer {
  return makeTar(dockerArchive([makeTar(entries)]));
}

/** The same archive, its configuration with a byte that no UTF-8 has, under a name of no digest. */
function notUtf8([layer, config, manifest]: MadeEntry[]): MadeEntry[] {
  const bytes = Buffer.from(String(config?.content).replace("?", "\xff"), "latin1");
  const text = String(manifest?.content).replace(config?.path ?? "", "config.json");
  return [
    { path: "", ...layer },
    { path: "config.json", content: bytes },
    { path: "manifest.json", content: text },
  ];
}

/** A file in GNU tar's form 0.1, of 50 bytes in all. */
function withHoles(map: string, bytes: number): MadeEntry {
  const numblocks = String(map.split(",").length / 2);
  const pax = { "GNU.sparse.map": map, "GNU.sparse.numblocks": numblocks, "GNU.sparse.size": "50" };
  return { path: "holes", content: Buffer.alloc(bytes, "x"), pax };
}

/** An OCI layout whose index leads to an index, and so on. */
function nestedIndexes(depth: number): MadeEntry[] {
  const platform = { os: "linux", architecture: "amd64" };
  const blobs: MadeEntry[] = [];
  let inner = Buffer.from(JSON.stringify({ manifests: [] }));
  for (let level = 0; level < depth; level += 1) {
    const digest = digestOf(inner);
    blobs.push({ path: `blobs/sha256/${digest.slice("sha256:".length)}`, content: inner });
    inner = Buffer.from(JSON.stringify({ manifests: [{ digest, platform }] }));
  }
  return [...blobs, { path: "index.json", content: inner }];
}

function spoiled(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
}

test("JSON of strangers is parsed as it is, unless it has more values than memory is for", () => {
  const odd = { 'a"\\': ["[", "{,:", "\\", 'x\\"', "\u00fc", -1.5, null, true, {}], "": [[[]]] };
  assert.deepEqual(parseJson(JSON.stringify(odd)), odd);
  assert.deepEqual(parseJson(`[${"1,".repeat(99_998)}1]`), Array(99_999).fill(1));
  assert.throws(() => parseJson(`[${"1,".repeat(99_999)}1]`), /more than 100000 values/);
  assert.throws(() => parseJson("[".repeat(101)), /nested more than 100 deep/);
  for (const text of ["", "[", '"', '"\\', "{]", "nul"])
    assert.throws(() => parseJson(text), SyntaxError, text);
});

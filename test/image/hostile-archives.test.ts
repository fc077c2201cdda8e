import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { DvmError, type ErrorCode } from "../../src/base/errors.ts";
import { ImageStore } from "../../src/image/image-store.ts";
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
    what: "xz",
    archive: Buffer.concat([Buffer.from("\xfd7zXZ\0", "latin1"), Buffer.alloc(600)]),
    code: "unsupported",
    says: /xz or bzip2/,
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
  const one = makeTar([{ path: "files/0000000" }]).subarray(0, 512);
  async function* many() {
    for (let first = 0; first < 1_001_000; first += 1000) {
      yield Buffer.concat(Array.from({ length: 1000 }, (_, index) => renamed(one, first + index)));
    }
    yield Buffer.alloc(1024);
  }
  const { Readable } = await import("node:stream");
  await assert.rejects(store.importRootFs(Readable.from(many())), /more than 1000000 entries/);
  assert.deepEqual(await readdir(join(folder.path, "tmp")), []);
});

function refusedLayer(what: string, entry: MadeEntry, says: RegExp): Case {
  return { what, archive: archiveOf(...plain, entry), code: "damaged", says };
}

function archiveOf(...entries: MadeEntry[]): Buffer {
  return makeTar(dockerArchive([makeTar(entries)]));
}

function spoiled(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
}

/** A copy of a header with another seven-digit name, and the checksum that fits it. */
function renamed(block: Buffer, number: number): Buffer {
  const copy = Buffer.from(block);
  const digits = String(number).padStart(7, "0");
  const before = sumOf(copy.subarray(6, 13));
  copy.write(digits, 6, "latin1");
  const sum = Number.parseInt(copy.toString("latin1", 148, 154), 8);
  copy.write((sum - before + sumOf(copy.subarray(6, 13))).toString(8).padStart(6, "0"), 148);
  return copy;
}

function sumOf(bytes: Buffer): number {
  return bytes.reduce((total, byte) => total + byte, 0);
}

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { promisify } from "node:util";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { DvmError } from "../../src/base/errors.ts";
import { ByteSource } from "../../src/base/byte-source.ts";
import { diskFiles, writeDisk } from "../../src/image/disk/composed-disk.ts";
import { compressionOf, decompress } from "../../src/image/layer/decompress.ts";
import { ImageStore } from "../../src/image/store/image-store.ts";
import { layerTar } from "../../src/image/layer/layer-tar.ts";
import { stageLayer } from "../../src/image/layer/stage-layer.ts";
import { readTar } from "../../src/base/tar/tar-reader.ts";
import { fuzzSeconds, seeds } from "../support/fuzz-settings.ts";
import { flatten } from "../support/image-tree.ts";
import { mutated, mutatedJson } from "../support/mutate.ts";
import { Random } from "../support/random.ts";
import { randomStack } from "../support/random-stack.ts";
import { tarOf } from "../support/tar-forms.ts";
import { digestOf, dockerArchive, makeTar, type MadeEntry } from "../support/tar.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const run = promisify(execFile);
const timeout = { timeout: (300 + fuzzSeconds * 2) * 1000 };
const deadlineMs = 20_000;

/** Whether it worked; anything but a DvmError that isn't a bug's, and in time, fails the test. */
async function survives(seed: number, action: () => Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`it takes over ${deadlineMs} ms`)), deadlineMs);
  });
  try {
    await Promise.race([action(), late]);
    return true;
  } catch (error) {
    if (error instanceof DvmError && error.code !== "internal") return false;
    throw new Error(`DVM_FUZZ_SEED=${seed} fails`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** In pieces of odd sizes, as they come from a network. */
async function* inPieces(bytes: Buffer, random: Random): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length;) {
    const piece = bytes.subarray(at, at + 1 + random.below(random.pick([10, 600, 100_000])));
    at += piece.length;
    yield piece;
  }
}

const sparse = {
  "GNU.sparse.major": "1",
  "GNU.sparse.minor": "0",
  "GNU.sparse.name": "holes",
  "GNU.sparse.realsize": "9000",
};
const map = Buffer.concat([
  Buffer.from("2\n0\n3\n8000\n4\n".padEnd(512, "\0")),
  Buffer.from("abcdefg"),
]);
const withHoles: MadeEntry[] = [
  { path: "x", pax: sparse, content: map },
  {
    path: "y",
    pax: { "GNU.sparse.map": "1,2", "GNU.sparse.numblocks": "1", "GNU.sparse.size": "9" },
    content: "ab",
  },
];

/** A tar of a layer: of everything, or of files with holes. */
function someLayer(random: Random): Buffer {
  if (random.oneIn(4)) return makeTar(withHoles);
  const [entries = []] = randomStack(random, "s", { depth: 1 }).layers;
  return tarOf(entries.filter(({ content }) => (content?.length ?? 0) < 5000));
}

async function drain(source: AsyncIterable<unknown>): Promise<void> {
  for await (const _piece of source);
}

test(
  "no tar, however damaged, does more to its reader than to end it with an error",
  timeout,
  async () => {
    let read = 0;
    for (const seed of seeds(3000)) {
      const random = new Random(seed);
      const tar = mutated(someLayer(random), random);
      const whole = await survives(seed, async () => {
        for await (const entry of readTar(new ByteSource(inPieces(tar, random))))
          if (entry.sizeBytes < 2 ** 24 && !random.oneIn(4)) await drain(entry.body());
      });
      if (whole) read += 1;
    }
    assert(read > 100, `only ${read} were readable, which tells too little`);
  },
);

test("no compressed stream, however damaged, does more", timeout, async () => {
  for (const seed of seeds(400)) {
    const random = new Random(seed);
    const tar = someLayer(random);
    const halves = [tar.subarray(0, 700), tar.subarray(700)];
    const pack = random.pick([gzipSync, zstdCompressSync]);
    const packed = mutated(Buffer.concat(halves.map((half) => pack(half))), random);
    await survives(seed, async () => {
      await drain(decompress(compressionOf(packed), inPieces(packed, random)));
    });
  }
});

test(
  "damaged layers are refused, or make a disk that fsck.erofs passes and a tar that comes back",
  timeout,
  async () => {
    let made = 0;
    for (const seed of seeds(200)) {
      const random = new Random(seed);
      await using folder = await temporaryFolder();
      const stack = randomStack(random, "s", { depth: 1 + random.below(3) }).layers.map(tarOf);
      const layers = [makeTar(withHoles), ...stack].map((layer) =>
        random.oneIn(3) ? mutated(layer, random) : layer,
      );
      const isWhole = await survives(seed, async () => {
        const folders = layers.map((_, index) => join(folder.path, "layers", String(index)));
        for (const [index, layer] of layers.entries()) {
          const staged = await stageLayer(inPieces(layer, random), folders[index] ?? "");
          assert.equal(staged.diffId, digestOf(layer));
          await drain(layerTar(staged.folder, staged.diffId));
        }
        const work = join(folder.path, "disk");
        await mkdir(work);
        await writeDisk({ id: "fuzz", target: work, work, layers: folders });
        if (!random.oneIn(4)) return;
        const flat = join(folder.path, "flat");
        await flatten(diskFiles(work).descriptor, flat);
        await run("fsck.erofs", [flat]);
      });
      if (isWhole) made += 1;
    }
    assert(made > 40, `only ${made} made a disk, which tells too little`);
  },
);

test("damaged archives leave nothing in the store, and nothing beside it", timeout, async () => {
  await using folder = await temporaryFolder();
  await using store = await ImageStore.open(join(folder.path, "store"));
  const layers = [
    makeTar([{ path: "a", content: "1" }]),
    makeTar([{ path: ".wh.a" }, ...withHoles]),
  ];
  for (const seed of seeds(150)) {
    const random = new Random(seed);
    const parts = random.oneIn(2) ? dockerArchive(layers) : ociArchive(layers);
    const archive = random.oneIn(2)
      ? mutated(makeTar(parts), random)
      : makeTar(documentFault(parts, random));
    const loaded = await survives(seed, async () => {
      await store.load(Readable.from(inPieces(archive, random)));
    });
    if (loaded)
      for (const { id } of store.list()) await store.remove(id, { force: true, users: () => ({}) });
    for (const name of ["layers", "disks", "tmp"])
      assert.deepEqual(
        await readdir(join(folder.path, "store", name)),
        [],
        `seed ${seed}: ${name}`,
      );
    assert.deepEqual(await readdir(folder.path), ["store"], `seed ${seed}`);
  }
});

/** The parts of an OCI layout; the index comes first, as some tools have it. */
function ociArchive(layers: readonly Buffer[]): MadeEntry[] {
  const blobs: MadeEntry[] = [];
  const put = (content: Buffer) => {
    const digest = digestOf(content);
    blobs.push({ path: `blobs/sha256/${digest.slice("sha256:".length)}`, content });
    return { digest, size: content.length };
  };
  const json = (value: object) => put(Buffer.from(JSON.stringify(value)));
  const rootfs = { type: "layers", diff_ids: layers.map(digestOf) };
  const config = json({ architecture: "amd64", os: "linux", rootfs, config: { Env: ["A=b"] } });
  const manifest = json({ schemaVersion: 2, config, layers: layers.map(put) });
  const platform = { os: "linux", architecture: "amd64" };
  const inner = json({ schemaVersion: 2, manifests: [{ ...manifest, platform }] });
  const annotations = { "io.containerd.image.name": "docker.io/library/made:1" };
  const index = JSON.stringify({ schemaVersion: 2, manifests: [{ ...inner, annotations }] });
  return [{ path: "index.json", content: index }, ...blobs];
}

/** Another value in one of the documents, and right digests all the same. */
function documentFault(parts: readonly MadeEntry[], random: Random): MadeEntry[] {
  const chosen = random.pick(parts.filter(isDocument));
  const content = JSON.stringify(mutatedJson(JSON.parse(String(chosen.content)), random));
  let made = parts.map((part) => (part === chosen ? { ...part, content } : part));
  // a document that names another one changes with it
  for (let level = 0; level < 4; level += 1) made = withDigests(made);
  return made;
}

function withDigests(parts: readonly MadeEntry[]): MadeEntry[] {
  let made = [...parts];
  for (const { path, content } of parts.filter(isDocument)) {
    const named = /[0-9a-f]{64}/.exec(path)?.[0];
    if (named === undefined) continue;
    const right = digestOf(Buffer.from(String(content))).slice("sha256:".length);
    made = made.map((part) => ({
      ...part,
      path: part.path.replace(named, right),
      ...(isDocument(part) ? { content: String(part.content).replaceAll(named, right) } : {}),
    }));
  }
  return made;
}

function isDocument({ content }: MadeEntry): boolean {
  return /^[[{"]/.test(String(content));
}

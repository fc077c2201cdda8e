import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { digestHex } from "../../../src/image/digest.ts";
import { ImageStore } from "../../../src/image/store/image-store.ts";
import { LayerDownloads } from "../../../src/image/transfer/layer-downloads.ts";
import { pushImage } from "../../../src/image/transfer/push-image.ts";
import { parseReference } from "../../../src/image/reference.ts";
import { verifyImages } from "../../../src/image/store/verify-image.ts";
import { DockerRegistry } from "../../support/docker-registry.ts";
import { dockerArchive, makeTar, streamOf } from "../../support/tar.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const kills = 100;
/** Each store is killed so often, then a new one begins: checks stay quick. */
const killsOfOneStore = 10;
type Expectation = "there" | "perhaps" | "seen";
const longestMs = 250;

test("a hundred kills at any moment lose no image that was there, and leave nothing half", async () => {
  await using registry = await DockerRegistry.start();
  const pulled = await fillRegistry(`${registry.host}/crash`);
  let finished = 0;
  for (let store = 0; store < kills / killsOfOneStore; store += 1) {
    await using folder = await temporaryFolder();
    const expected = new Map<string, Expectation>();
    for (let kill = 0; kill < killsOfOneStore; kill += 1) {
      finished += await workAndKill([folder.path, ...pulled], expected);
      await check(folder.path, expected, { everything: kill === killsOfOneStore - 1 });
    }
  }
  assert(finished > kills, `only ${finished} operations came to their end before the kill`);
});

/** Images that share a layer; gives the repository and its tags. */
async function fillRegistry(repository: string): Promise<string[]> {
  await using folder = await temporaryFolder();
  await using store = await ImageStore.open(folder.path);
  const downloads = await LayerDownloads.open(folder.path);
  const tags = ["a", "b", "c"];
  for (const tag of tags) {
    const layers = ["shared", tag].map((path) =>
      makeTar([
        { path, content: randomBytes(300_000) },
        { path: `${path}-small`, content: path },
      ]),
    );
    const name = `${repository}:${tag}`;
    await store.load(streamOf(makeTar(dockerArchive(layers, { name }))));
    await pushImage(
      {
        store,
        downloads,
        transport: { folders: { settings: [], certificates: [] }, environment: {} },
        trust: { paths: [], mustExist: false },
      },
      { reference: parseReference(name), credentials: {}, onProgress: () => undefined },
    );
  }
  return [repository, ...tags];
}

/** Gives how many operations came to an end; `expected` is what must, or may, be there now. */
async function workAndKill(
  words: readonly string[],
  expected: Map<string, Expectation>,
): Promise<number> {
  const worker = spawn(process.execPath, [join(import.meta.dirname, "worker.ts"), ...words], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  worker.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const closed = once(worker, "close");
  await Promise.race([once(worker.stdout, "data"), closed]);
  await delay(Math.random() * longestMs);
  worker.kill("SIGKILL");
  const [, signal] = await closed;
  assert.equal(signal, "SIGKILL", "the worker ended by itself");
  const lines = said.split("\n").filter((line) => line !== "");
  for (const line of lines) {
    const [what, id = ""] = line.split(" ");
    if (what === "added") expected.set(id, "there");
    else if (what === "remove") expected.set(id, "perhaps");
    else expected.delete(id);
  }
  return lines.length;
}

/** Hashes what is new since the last check, or everything. */
async function check(
  root: string,
  expected: Map<string, Expectation>,
  { everything }: { everything: boolean },
): Promise<void> {
  await using store = await ImageStore.open(root);
  const images = store.list();
  const unseen = images.filter(({ id }) => everything || expected.get(id) !== "seen");
  for await (const { id, problems } of verifyImages(store, unseen))
    assert.deepEqual(problems, [], id);
  const there = new Set(images.map(({ id }) => id));
  for (const [id, state] of expected) {
    if (state !== "perhaps") assert(there.has(id), `${id} was reported as stored, and is lost`);
    if (!there.has(id)) expected.delete(id);
  }
  // what was stored, and killed before it could be said
  for (const id of there) expected.set(id, "seen");
  const layers = new Set(images.flatMap((image) => image.layers.map(digestHex)));
  assert.deepEqual(new Set(await readdir(join(root, "layers"))), layers);
  assert.deepEqual(new Set(await readdir(join(root, "disks"))), new Set([...there].map(digestHex)));
  assert.deepEqual(await readdir(join(root, "tmp")), []);
}

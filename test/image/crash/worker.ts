import { writeSync } from "node:fs";
import { ImageStore } from "../../../src/image/store/image-store.ts";
import { LayerDownloads } from "../../../src/image/transfer/layer-downloads.ts";
import { pullImage } from "../../../src/image/transfer/pull-image.ts";
import { parseReference } from "../../../src/image/reference.ts";
import { DvmError } from "../../../src/base/errors.ts";
import { dockerArchive, makeTar, streamOf, type MadeEntry } from "../../support/tar.ts";

/*
 * Works on the store in its first argument until it is killed, pulls from the repository in its second
 * one what is in the tags after it, and says on standard output what it
 * begins (`remove ID`) and what has come to its end (`added ID`, `removed ID`).
 */

const [root = "", repository = "", ...tags] = process.argv.slice(2);
const store = await ImageStore.open(root);
const downloads = await LayerDownloads.open(root);
/** Parents are kept: each image that goes is told of before. */
const free = { force: true, withParents: false, users: () => ({}) };

for (let round = Date.now(); ; round += 1) {
  const steps = [load, importRoot, pull, pull, commit, remove, prune];
  const step = steps[Math.floor(Math.random() * steps.length)] ?? load;
  await step(String(round));
}

function say(what: string, id: string): void {
  writeSync(1, `${what} ${id}\n`);
}

function files(seed: string): MadeEntry[] {
  return Array.from({ length: 40 }, (_, index) => ({
    path: `${seed}/${index}`,
    content: Buffer.alloc((index * 733) % 20_000, seed),
  }));
}

async function load(seed: string): Promise<void> {
  const layers = [makeTar(files("shared")), makeTar(files(seed)), makeTar(files(`${seed}-2`))];
  const archive = makeTar(dockerArchive(layers, { name: `loaded:${seed}` }));
  for (const { id } of await store.load(streamOf(archive))) say("added", id);
}

async function importRoot(seed: string): Promise<void> {
  const { id } = await store.importRootFs(streamOf(makeTar(files(seed))), {
    reference: `imported:${seed}`,
  });
  say("added", id);
}

async function pull(): Promise<void> {
  const tag = tags[Math.floor(Math.random() * tags.length)] ?? "";
  const transport = { folders: { settings: [], certificates: [] }, environment: {} };
  const id = await pullImage(
    { store, downloads, transport, trust: { paths: [], mustExist: false } },
    {
      reference: parseReference(`${repository}:${tag}`),
      credentials: {},
      onProgress: () => undefined,
    },
  );
  say("added", id);
}

async function commit(seed: string): Promise<void> {
  const [parent] = store.list();
  if (parent === undefined) return;
  const { id } = await store.commit({
    parent: parent.id,
    layer: streamOf(makeTar(files(seed))),
    config: (diffIds) =>
      JSON.stringify({
        architecture: "amd64",
        os: "linux",
        rootfs: { type: "layers", diff_ids: diffIds },
      }),
  });
  say("added", id);
}

async function remove(): Promise<void> {
  const images = store.list();
  const image = images[Math.floor(Math.random() * images.length)];
  if (image !== undefined && images.length > 4) await removeOne(image.id);
}

/** What has no name. */
async function prune(): Promise<void> {
  for (const { id, references } of store.list()) if (references.length === 0) await removeOne(id);
}

/** One that others were made of is refused, and stays. */
async function removeOne(id: string): Promise<void> {
  say("remove", id);
  try {
    await store.remove(id, free);
    say("removed", id);
  } catch (error) {
    if (!(error instanceof DvmError) || error.code !== "conflict") throw error;
  }
}

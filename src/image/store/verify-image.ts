import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { DvmError, ignore } from "../../base/errors.ts";
import { newId } from "../../base/ids.ts";
import { composeApart } from "../disk/compose-apart.ts";
import { diskFiles } from "../disk/composed-disk.ts";
import { digestHex, digestOf } from "../digest.ts";
import type { ImageStore } from "./image-store.ts";
import type { Image } from "./image-types.ts";
import { layerFiles } from "../layer/layer.ts";
import { stageLayer } from "../layer/stage-layer.ts";

/** What a verification found of one image; nothing wrong when `problems` is empty. */
export interface Verification {
  id: string;
  references: string[];
  layers: number;
  problems: string[];
}

/**
 * Hashes all that is kept of `images` again. A layer's tar must have its digest, and taken in once
 * more give the very files that machines read; an image's disk, made once more, the very disk. A
 * layer that several images have is read once. Yields image by image.
 */
export async function* verifyImages(
  store: ImageStore,
  images: readonly Image[],
): AsyncGenerator<Verification> {
  const seen = new Map<string, Promise<string | undefined>>();
  for (const image of images) {
    const problems = documentProblems(store, image);
    for (const diffId of new Set(image.layers)) {
      const known = seen.get(diffId) ?? layerProblem(store, diffId);
      seen.set(diffId, known);
      const problem = await known;
      if (problem !== undefined) problems.push(problem);
    }
    // of damaged layers there's no telling what the disk should be
    const disk = problems.length > 0 ? undefined : await diskProblem(store, image);
    if (disk !== undefined) problems.push(disk);
    const { id, references, layers } = image;
    yield { id, references, layers: layers.length, problems };
  }
}

function documentProblems(store: ImageStore, { id, configText }: Image): string[] {
  const problems: string[] = [];
  if (digestOf(configText) !== id) problems.push("the configuration has changed");
  for (const { digest, body } of store.database.manifests(id))
    if (digestOf(body) !== digest) problems.push(`manifest ${digest} has changed`);
  return problems;
}

async function layerProblem(store: ImageStore, diffId: string): Promise<string | undefined> {
  return store.withWork(async ({ folder }) => {
    const again = join(folder, "layer");
    try {
      await stageLayer(store.openLayerTar(diffId), again);
    } catch (error) {
      if (error instanceof DvmError && error.code === "damaged")
        return `layer ${diffId} has changed`;
      throw error;
    }
    const [kept, made] = [layerFiles(store.layerFolder(diffId)), layerFiles(again)];
    for (const name of ["data", "index"] as const)
      if (!(await sameContent(kept[name], made[name])))
        return `layer ${diffId} has changed: its ${name} is not what its tar gives`;
    return undefined;
  });
}

async function diskProblem(store: ImageStore, { id, layers }: Image): Promise<string | undefined> {
  const kept = diskFiles(store.diskFolder(id));
  // one that isn't there is made when it is needed
  if ((await hashOf(kept.metadata)) === undefined) return undefined;
  // as deep below the store's root as the disk, so that the descriptor names the same paths
  const target = join(store.root, "tmp", `disk-${newId()}`);
  return store.withWork(async ({ folder }) => {
    try {
      await composeApart({
        id,
        target,
        work: join(folder, "disk"),
        layers: layers.map((diffId) => store.layerFolder(diffId)),
      });
      const made = diskFiles(target);
      for (const name of ["metadata", "descriptor"] as const)
        if (!(await sameContent(kept[name], made[name])))
          return `the composed disk has changed: remove ${digestHex(id).slice(0, 12)}'s folder in ${join(store.root, "disks")}, and it is made again`;
      return undefined;
    } finally {
      await rm(target, { recursive: true, force: true });
    }
  });
}

async function sameContent(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([hashOf(one), hashOf(other)]);
  return first === second;
}

async function hashOf(path: string): Promise<string | undefined> {
  return ignore("ENOENT", async () => {
    const hash = createHash("sha256");
    await pipeline(createReadStream(path), hash);
    return hash.digest("hex");
  });
}

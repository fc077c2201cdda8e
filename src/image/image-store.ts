import { mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { DvmError, ignore, systemErrorCode } from "../base/errors.ts";
import { archivedImages } from "./archive-images.ts";
import { readArchive } from "./archive.ts";
import { composeApart } from "./compose-apart.ts";
import { diskFiles } from "./composed-disk.ts";
import { digestHex, digestOf } from "./digest.ts";
import { applyChanges } from "./dockerfile-changes.ts";
import { parseImageConfig, type ImageConfig } from "./image-config.ts";
import { ImageDatabase } from "./image-database.ts";
import { parseReference } from "./reference.ts";
import { stageLayer, type StagedLayer } from "./stage-layer.ts";

export interface Image {
  /** `sha256:…` of the configuration. */
  id: string;
  /** As docker shows them: `busybox:latest`. */
  references: string[];
  digests: string[];
  createdAt: string;
  architecture: string;
  os: string;
  config: ImageConfig;
  rawConfig: unknown;
  /** Diff ids, the lowest first. */
  layers: string[];
  sizeBytes: number;
}

interface LoadOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((text: string) => void) | undefined;
}

interface ImportOptions {
  reference?: string | undefined;
  /** Dockerfile instructions. */
  changes?: string[] | undefined;
  message?: string | undefined;
  signal?: AbortSignal | undefined;
}

interface RemoveOptions {
  force: boolean;
  /** Id of a container that needs the image. */
  inUse: (id: string) => string | undefined;
}

/** The only architecture that machines have so far. */
const architecture = "amd64";

/**
 * The images of one data root: layers by diff id in `layers/`, composed disks by image id in
 * `disks/`, names and configurations in a database. Whatever is not in the database is not there.
 */
export class ImageStore implements AsyncDisposable {
  readonly #root: string;
  readonly #database: ImageDatabase;
  #lock: Promise<unknown> = Promise.resolve();

  private constructor(root: string) {
    this.#root = root;
    this.#database = new ImageDatabase(join(root, "images.db"));
  }

  static async open(root: string): Promise<ImageStore> {
    for (const folder of ["layers", "disks", "tmp"])
      await mkdir(join(root, folder), { recursive: true, mode: 0o700 });
    const store = new ImageStore(root);
    await store.cleanUp();
    return store;
  }

  /** Stores all images of an archive, or none. */
  async load(
    archive: Readable,
    { signal, onProgress }: LoadOptions = {},
  ): Promise<{ references: string[]; id: string }[]> {
    return this.#inWorkFolder(async (work) => {
      const contents = await readArchive(archive, { work, signal, onProgress });
      const images = archivedImages(contents, architecture);
      for (const { id, configText, layers } of images)
        await this.#publish({ id, config: configText, layers }, work);
      for (const { id, references } of images)
        for (const reference of references) this.#database.setName(reference, id);
      return images.map(({ id, references }) => ({ id, references }));
    });
  }

  /** Makes an image of one layer from the tar of a root file system. */
  async importRootFs(tar: Readable, options: ImportOptions = {}): Promise<{ id: string }> {
    const reference = options.reference === undefined ? undefined : nameToGive(options.reference);
    const config = applyChanges(options.changes ?? []);
    return this.#inWorkFolder(async (work) => {
      const layer = await stageLayer(tar, join(work, "0"), options.signal);
      const created = new Date().toISOString();
      const text = JSON.stringify({
        architecture,
        os: "linux",
        created,
        config,
        rootfs: { type: "layers", diff_ids: [layer.diffId] },
        history: [{ created, comment: options.message ?? "Imported from -" }],
      });
      const id = digestOf(text);
      await this.#publish({ id, config: text, layers: [layer] }, work);
      if (reference !== undefined) this.#database.setName(reference, id);
      return { id };
    });
  }

  list(): Image[] {
    return this.#database.images().map(({ id, config, sizeBytes, references }) => {
      const { raw, ...parsed } = parseImageConfig(config);
      return { id, references, digests: [], sizeBytes, rawConfig: raw, ...parsed };
    });
  }

  /** The image of this name, id, or unambiguous beginning of an id. */
  find(nameOrId: string): Image {
    const images = this.list();
    const reference = referenceOf(nameOrId);
    const named = images.find(({ references }) => references.includes(reference ?? ""));
    if (named !== undefined) return named;
    const hex = nameOrId.replace(/^sha256:/, "");
    const matches = /^[0-9a-f]{1,64}$/.test(hex)
      ? images.filter(({ id }) => digestHex(id).startsWith(hex))
      : [];
    const [only] = matches;
    if (only === undefined)
      throw new DvmError("not-found", `No such image: ${reference ?? nameOrId}`);
    if (matches.length > 1)
      throw new DvmError("invalid", `Multiple IDs found with provided prefix: ${nameOrId}`);
    return only;
  }

  /** Takes a name away, and the image when it was the last one; by id, all names and the image. */
  async remove(
    nameOrId: string,
    { force, inUse }: RemoveOptions,
  ): Promise<{ untagged?: string; deleted?: string }[]> {
    return this.#exclusive(async () => {
      const image = this.find(nameOrId);
      const reference = referenceOf(nameOrId);
      const byName = reference !== undefined && image.references.includes(reference);
      const names = byName ? [reference] : image.references;
      const isLast = names.length === image.references.length;
      const user = isLast ? inUse(image.id) : undefined;
      checkRemoval(image, { byName: byName ? reference : undefined, user, force });
      for (const name of names) this.#database.removeName(name);
      const untagged = names.map((name) => ({ untagged: name }));
      if (!isLast || user !== undefined) return untagged;
      return [...untagged, ...(await this.#delete(image))];
    });
  }

  tag(source: string, target: string): void {
    this.#database.setName(nameToGive(target), this.find(source).id);
  }

  /** The image's disk; made again when it isn't there. */
  async disk(id: string): Promise<{ path: string; sizeBytes: number }> {
    const image = this.find(id);
    const folder = this.#diskFolder(id);
    const { descriptor, metadata } = diskFiles(folder);
    const found = await ignore("ENOENT", () => stat(metadata));
    if (found === undefined) {
      await this.#inWorkFolder((work) => this.#exclusive(() => this.#compose(image, work)));
    }
    return { path: descriptor, sizeBytes: (found ?? (await stat(metadata))).size };
  }

  /** Removes what a crash left half-done. */
  async cleanUp(): Promise<void> {
    const tmp = join(this.#root, "tmp");
    for (const name of await readdir(tmp)) await rm(join(tmp, name), { recursive: true });
    const layers = new Set(this.#database.layers().map(digestHex));
    const images = new Set(this.#database.images().map(({ id }) => digestHex(id)));
    for (const [folder, known] of [["layers", layers] as const, ["disks", images] as const]) {
      for (const name of await readdir(join(this.#root, folder)))
        if (!known.has(name)) await rm(join(this.#root, folder, name), { recursive: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lock;
    this.#database[Symbol.dispose]();
  }

  /** Moves layers to their places, makes the disk, and only then lets the image be known. */
  async #publish(
    image: { id: string; config: string; layers: StagedLayer[] },
    work: string,
  ): Promise<void> {
    const layers = image.layers.map(({ diffId }) => diffId);
    await this.#exclusive(async () => {
      try {
        for (const { folder, diffId } of image.layers)
          await takeLayer(folder, this.#layerFolder(diffId));
        await this.#compose({ id: image.id, layers }, work);
        this.#database.addImage(image);
      } catch (error) {
        const known = new Set(this.#database.layers());
        await this.#removeLayers(layers.filter((diffId) => !known.has(diffId)));
        throw error;
      }
    });
  }

  async #compose({ id, layers }: { id: string; layers: string[] }, work: string): Promise<void> {
    const folders = layers.map((diffId) => this.#layerFolder(diffId));
    await composeApart({ target: this.#diskFolder(id), work: join(work, "disk"), layers: folders });
  }

  async #delete(image: Image): Promise<{ deleted: string }[]> {
    const layers = this.#database.removeImage(image.id);
    await rm(this.#diskFolder(image.id), { recursive: true, force: true });
    await this.#removeLayers(layers);
    return [image.id, ...layers.toReversed()].map((deleted) => ({ deleted }));
  }

  async #removeLayers(diffIds: string[]): Promise<void> {
    for (const diffId of diffIds)
      await rm(this.#layerFolder(diffId), { recursive: true, force: true });
  }

  async #inWorkFolder<T>(action: (work: string) => Promise<T>): Promise<T> {
    const work = await mkdtemp(join(this.#root, "tmp", "work-"));
    try {
      return await action(work);
    } catch (cause) {
      if (systemErrorCode(cause) !== "ENOSPC") throw cause;
      throw new DvmError("no-space", `cannot store the image: no space is left for ${this.#root}`, {
        cause,
        hint: "remove images (dvm rmi) or containers (dvm rm), or move the data root (--data-root)",
      });
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }

  async #exclusive<T>(action: () => Promise<T>): Promise<T> {
    const mine = this.#lock.then(action, action);
    this.#lock = mine.catch(() => {});
    return mine;
  }

  #layerFolder(diffId: string): string {
    return join(this.#root, "layers", digestHex(diffId));
  }

  #diskFolder(id: string): string {
    return join(this.#root, "disks", digestHex(id));
  }
}

/** A layer that is there already is as good: it has the same bytes. */
async function takeLayer(staged: string, target: string): Promise<void> {
  if ((await ignore("ENOENT", () => stat(target))) !== undefined) return;
  await rename(staged, target);
}

/** Docker's rules of what stands in the way of a removal, and its words. */
function checkRemoval(
  image: Image,
  { byName, user, force }: { byName: string | undefined; user: string | undefined; force: boolean },
): void {
  if (force) return;
  const shortId = digestHex(image.id).slice(0, 12);
  if (user !== undefined) {
    const what =
      byName === undefined ? `delete ${shortId}` : `remove repository reference "${byName}"`;
    const state = byName === undefined ? "image is being used by stopped" : "";
    throw new DvmError(
      "conflict",
      byName === undefined
        ? `conflict: unable to ${what} (must be forced) - ${state} container ${user.slice(0, 12)}`
        : `conflict: unable to ${what} (must force) - container ${user.slice(0, 12)} is using its referenced image ${shortId}`,
    );
  }
  if (byName === undefined && image.references.length > 1) {
    throw new DvmError(
      "conflict",
      `conflict: unable to delete ${shortId} (must be forced) - image is referenced in multiple repositories`,
    );
  }
}

function referenceOf(text: string): string | undefined {
  try {
    return parseReference(text).familiar;
  } catch {
    return undefined;
  }
}

/** A name that an image can be given has a tag and no digest. */
function nameToGive(text: string): string {
  const reference = parseReference(text);
  if (reference.digest !== undefined)
    throw new DvmError("invalid", `cannot name an image ${text}: a digest can't be given`);
  return reference.familiar;
}

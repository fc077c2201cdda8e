import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { DvmError, ignore, systemErrorCode } from "../../base/errors.ts";
import { bytesOnDisk } from "../../host/bytes-on-disk.ts";
import { archivedImages } from "../archive/archive-images.ts";
import { readArchive } from "../archive/archive.ts";
import { composeApart } from "../disk/compose-apart.ts";
import { diskFiles } from "../disk/composed-disk.ts";
import { chainIds, digestHex, digestOf } from "../digest.ts";
import { applyChanges } from "../changes/apply-changes.ts";
import { checkNewImage, parseImageConfig, type ParsedConfig } from "../image-config.ts";
import { ImageDatabase } from "./image-database.ts";
import { importedConfig } from "./imported-config.ts";
import { isFor } from "./is-for.ts";
import { findImage } from "./find-image.ts";
import { nameToGive, namesToGive, splitDigest } from "./image-names.ts";
import type {
  CommitOptions,
  HeldLayer,
  Image,
  ImageRemoval,
  ImageWork,
  ImportOptions,
  LoadOptions,
  NewImage,
  RemoveOptions,
} from "./image-types.ts";
import { LayerHolds } from "./layer-holds.ts";
import { emptyLayer } from "../layer/empty-layer.ts";
import { layerTar } from "../layer/layer-tar.ts";
import { planRemoval } from "./plan-removal.ts";
import { databaseFile, setAside, syncFolder, takeLayer } from "./store-files.ts";
import { stageLayer } from "../layer/stage-layer.ts";

/** The only architecture that machines have so far. */
const architecture = "amd64";

/**
 * The images of one data root: layers by diff id in `layers/`, composed disks by image id in
 * `disks/`, names and configurations in a database. Whatever is not in the database is not there.
 */
export class ImageStore implements AsyncDisposable {
  readonly root: string;
  readonly database: ImageDatabase;
  readonly #holds = new LayerHolds();
  /** Configurations by image id, parsed. */
  readonly #parsed = new Map<string, ParsedConfig>();
  #lock: Promise<unknown> = Promise.resolve();

  private constructor(root: string, database: ImageDatabase) {
    this.root = root;
    this.database = database;
  }

  /** `makeRoom`: frees space for the database when the disk is full. */
  static async open(root: string, makeRoom?: () => boolean): Promise<ImageStore> {
    for (const folder of ["layers", "disks", "tmp"])
      await mkdir(join(root, folder), { recursive: true, mode: 0o700 });
    const database = ImageDatabase.open(databaseFile(root), makeRoom);
    if (typeof database === "number") {
      await setAside(root, database);
      return ImageStore.open(root, makeRoom);
    }
    const store = new ImageStore(root, database);
    await store.cleanUp();
    return store;
  }

  /** Stores all images of an archive, or none. */
  async load(
    archive: Readable,
    { signal, onProgress, platform }: LoadOptions = {},
  ): Promise<{ references: string[]; id: string }[]> {
    return this.withWork(async (work) => {
      const contents = await readArchive(archive, { work: work.folder, signal, onProgress });
      const images = archivedImages(contents, architecture).filter(({ configText }) =>
        isFor(parseImageConfig(configText), platform),
      );
      await this.add(
        images.map(({ configText: config, layers, references }) => ({
          config,
          layers,
          references,
        })),
        work,
      );
      return images.map(({ id, references }) => ({ id, references }));
    });
  }

  /** Makes an image of one layer from the tar of a root file system. */
  async importRootFs(tar: Readable, options: ImportOptions = {}): Promise<{ id: string }> {
    const references = namesToGive(options.reference);
    applyChanges(options.changes ?? []); // what can't be is refused before anything is read
    return this.withWork(async (work) => {
      const layer = await stageLayer(tar, join(work.folder, "0"), options.signal);
      const text = importedConfig(layer.diffId, { ...options, architecture });
      await this.add([{ config: text, layers: [layer], references, isTagged: true }], work);
      return { id: digestOf(text) };
    });
  }

  /** Makes an image of another one and a layer on it. */
  async commit(options: CommitOptions): Promise<{ id: string }> {
    const references = namesToGive(options.reference);
    const parent = this.findHeld(options.parent);
    return this.withWork(async (work) => {
      const below = parent.layers.map((diffId) => this.#held(work, diffId));
      const layer = await stageLayer(options.layer, join(work.folder, "0"), options.signal);
      const added = layer.diffId === emptyLayer ? [] : [layer];
      const diffIds = [...parent.layers, ...added.map(({ diffId }) => diffId)];
      const config = options.config(diffIds, added.length === 0);
      await this.add(
        [{ config, layers: [...below, ...added], parent: parent.id, references, isTagged: true }],
        work,
      );
      return { id: digestOf(config) };
    });
  }

  list(): Image[] {
    return this.#all().filter(({ isRemoved }) => !isRemoved);
  }

  #all(): Image[] {
    return this.database.images().map(({ config, ...image }) => {
      const { raw, ...parsed } = this.#parse(image.id, config);
      return { ...image, ...parsed, configText: config, rawConfig: raw };
    });
  }

  /** The image of this name, `name@digest`, id, or unambiguous beginning of an id. */
  find(nameOrId: string): Image {
    return findImage(this.list(), nameOrId);
  }

  /** By its whole id, also one that was removed while a container had it. */
  findHeld(id: string): Image {
    const image = this.#all().find((one) => one.id === id);
    if (image === undefined) throw new DvmError("not-found", `No such image: ${id}`);
    return image;
  }

  /** Deletes what was removed while it was needed, and is not any more; gives the ids of images. */
  async sweep(isNeeded: (id: string) => boolean): Promise<string[]> {
    return this.#exclusive(async () => {
      const loose = this.#all().filter(({ isRemoved, id }) => isRemoved && !isNeeded(id));
      for (const image of loose) await this.#delete(image);
      return loose.map(({ id }) => id);
    });
  }

  /** As {@link find} among the images of now, for many names; undefined where none is meant. */
  finder(): (nameOrId: string) => Image | undefined {
    const images = this.list();
    return (nameOrId) => {
      try {
        return findImage(images, nameOrId);
      } catch (error) {
        if (error instanceof DvmError) return undefined;
        throw error;
      }
    };
  }

  /** Takes a name away, and the image with the last one; by id, all names and the image. */
  async remove(nameOrId: string, options: RemoveOptions): Promise<ImageRemoval[]> {
    const { force, withParents = true, users } = options;
    return this.#exclusive(async () => {
      const request = { image: this.find(nameOrId), nameOrId, force, withParents };
      const steps = planRemoval(request, { images: this.list(), users });
      const names = steps.flatMap((step) => ("untag" in step ? [step.untag] : []));
      this.database.transaction(() => {
        for (const name of names)
          if (name.includes("@")) this.database.removeRepositoryDigest(...splitDigest(name));
          else this.database.removeName(name);
      });
      const removed: ImageRemoval[] = [];
      for (const step of steps)
        if ("untag" in step) removed.push({ untagged: step.untag, of: step.of });
        else removed.push(...(await this.#delete(this.find(step.delete), step.isHeld)));
      return removed;
    });
  }

  tag(source: string, target: string): void {
    const { id } = this.find(source);
    this.database.setName(nameToGive(target), id);
    this.database.noteTag(id);
  }

  /** The image's disk; made again when it isn't there. */
  async disk(id: string): Promise<{ path: string; sizeBytes: number }> {
    const image = this.findHeld(id);
    const { descriptor, metadata } = diskFiles(this.diskFolder(id));
    const found = await ignore("ENOENT", () => stat(metadata));
    if (found === undefined)
      await this.withWork((work) => this.#exclusive(() => this.#compose(image, work)));
    return { path: descriptor, sizeBytes: (found ?? (await stat(metadata))).size };
  }

  /**
   * The tar of a layer, byte for byte as it came, uncompressed. At its end it is known to be whole:
   * one that isn't ends in an error.
   */
  openLayerTar(diffId: string): AsyncIterable<Uint8Array> {
    return layerTar(this.layerFolder(diffId), diffId);
  }

  /** Keeps layers from being removed until the hold is disposed of. */
  holdLayers(diffIds: readonly string[]): AsyncDisposable {
    const missing = diffIds.find((diffId) => !this.database.hasLayer(diffId));
    if (missing !== undefined)
      throw new DvmError("not-found", `No such layer: ${missing} has been removed meanwhile`);
    for (const diffId of diffIds) this.#holds.take(diffId);
    return { [Symbol.asyncDispose]: () => this.#release(diffIds) };
  }

  /** Runs `action` with a folder of its own; layers that it holds stay until it ends. */
  async withWork<T>(action: (work: ImageWork) => Promise<T>): Promise<T> {
    const folder = await mkdtemp(join(this.root, "tmp", "work-"));
    const held: string[] = [];
    const hold = (diffId: string) => {
      if (!this.database.hasLayer(diffId)) return false;
      this.#holds.take(diffId);
      held.push(diffId);
      return true;
    };
    try {
      return await action({ folder, hold });
    } catch (cause) {
      if (systemErrorCode(cause) !== "ENOSPC") throw cause;
      throw new DvmError("no-space", `cannot store the image: no space is left for ${this.root}`, {
        cause,
        hint: "remove images (dvm rmi) or containers (dvm rm), or move the data root (--data-root)",
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
      await this.#release(held);
    }
  }

  /** Moves layers to their places, makes the disks, and only then lets the images be known: all or none. */
  async add(images: readonly NewImage[], work: ImageWork): Promise<void> {
    for (const { config } of images) checkNewImage(parseImageConfig(config));
    await this.#exclusive(async () => {
      const made: string[] = [];
      try {
        for (const image of images) made.push(...(await this.#place(image, work)));
        await syncFolder(join(this.root, "layers"));
        await syncFolder(join(this.root, "disks"));
        this.database.transaction(() => {
          for (const image of images) this.#record(image);
        });
      } catch (error) {
        for (const folder of made) await rm(folder, { recursive: true, force: true });
        throw error;
      }
    });
  }

  /** What all layers and composed disks take. */
  async diskBytes(): Promise<number> {
    const parts = ["layers", "disks"].map((name) => bytesOnDisk(join(this.root, name)));
    return (await Promise.all(parts)).reduce((sum, bytes) => sum + bytes, 0);
  }

  layerFolder(diffId: string): string {
    return join(this.root, "layers", digestHex(diffId));
  }

  diskFolder(id: string): string {
    return join(this.root, "disks", digestHex(id));
  }

  /** Removes what a crash left half-done, and forgets images of which something has gone. */
  async cleanUp(): Promise<void> {
    const tmp = join(this.root, "tmp");
    for (const name of await readdir(tmp)) await rm(join(tmp, name), { recursive: true });
    const there = new Set(await readdir(join(this.root, "layers")));
    for (const { id, layers } of this.#all())
      if (!layers.every((diffId) => there.has(digestHex(diffId)))) this.database.removeImage(id);
    await this.#removeLooseLayers();
    const layers = new Set(this.database.layers().map(({ diffId }) => digestHex(diffId)));
    const images = new Set(this.database.images().map(({ id }) => digestHex(id)));
    for (const [folder, known] of [["layers", layers] as const, ["disks", images] as const]) {
      for (const name of await readdir(join(this.root, folder)))
        if (!known.has(name)) await rm(join(this.root, folder, name), { recursive: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lock;
    this.database[Symbol.dispose]();
  }

  /** Gives the folders that weren't there before. */
  async #place(image: NewImage, work: ImageWork): Promise<string[]> {
    const made: string[] = [];
    try {
      for (const layer of image.layers) {
        const target = this.layerFolder(layer.diffId);
        if (layer.folder === undefined) this.#held(work, layer.diffId);
        else if (await takeLayer(layer.folder, target)) made.push(target);
      }
      const id = digestOf(image.config);
      const folder = this.diskFolder(id);
      if ((await ignore("ENOENT", () => stat(folder))) === undefined) {
        made.push(folder);
        await this.#compose({ id, layers: image.layers.map(({ diffId }) => diffId) }, work);
      }
      return made;
    } catch (error) {
      for (const folder of made) await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  #record({ config, layers, parent, references = [], isTagged, origin }: NewImage): void {
    const { database } = this;
    const id = digestOf(config);
    const rows = layers.map((layer) => ({
      diffId: layer.diffId,
      sizes: layer.folder === undefined ? undefined : layer,
    }));
    database.addImage({ id, config, parent, layers: rows });
    for (const reference of references) database.setName(reference, id);
    if (isTagged === true && references.length > 0) database.noteTag(id);
    if (origin === undefined) return;
    const { repository, digests, signatures = [] } = origin;
    for (const digest of digests) database.addRepositoryDigest(repository, digest, id);
    for (const digest of digests.slice(0, 1)) {
      database.addOrigin({ repository, digest }, id);
      for (const one of signatures) database.addSignature(one, { repository, digest }, id);
    }
    for (const manifest of origin.manifests) database.addManifest(manifest, id);
    for (const blob of origin.blobs) database.addBlob({ ...blob, repository });
  }

  #held(work: ImageWork, diffId: string): HeldLayer {
    if (!work.hold(diffId))
      throw new DvmError(
        "conflict",
        `cannot store the image: layer ${diffId} has been removed meanwhile`,
      );
    return { diffId };
  }

  async #compose(
    { id, layers }: { id: string; layers: readonly string[] },
    work: ImageWork,
  ): Promise<void> {
    await composeApart({
      id,
      target: this.diskFolder(id),
      work: join(work.folder, "disk"),
      layers: layers.map((diffId) => this.layerFolder(diffId)),
    });
  }

  /** The database first: what is left by a crash in between belongs to nobody. */
  async #delete(image: Image, isHeld = false): Promise<ImageRemoval[]> {
    if (isHeld) {
      this.database.noteRemoval(image.id);
      return [{ deleted: image.id, of: image.id }];
    }
    this.database.removeImage(image.id);
    this.#parsed.delete(image.id);
    await rm(this.diskFolder(image.id), { recursive: true, force: true });
    const layers = await this.#removeLooseLayers();
    const chain = chainIds(image.layers);
    const gone = chain.filter((_id, index) => layers.includes(image.layers[index] ?? ""));
    return [image.id, ...gone.toReversed()].map((deleted) => ({ deleted, of: image.id }));
  }

  async #release(diffIds: readonly string[]): Promise<void> {
    for (const diffId of diffIds) this.#holds.release(diffId);
    if (diffIds.length > 0) await this.#exclusive(() => this.#removeLooseLayers());
  }

  async #removeLooseLayers(): Promise<string[]> {
    const loose = this.database.removeLooseLayers((diffId) => this.#holds.has(diffId));
    for (const diffId of loose)
      await rm(this.layerFolder(diffId), { recursive: true, force: true });
    return loose;
  }

  async #exclusive<T>(action: () => Promise<T>): Promise<T> {
    const mine = this.#lock.then(action, action);
    this.#lock = mine.catch(() => {});
    return mine;
  }

  #parse(id: string, config: string): ParsedConfig {
    const parsed = this.#parsed.get(id) ?? parseImageConfig(config);
    this.#parsed.set(id, parsed);
    return parsed;
  }
}

import { z } from "zod";
import { SmallDatabase } from "../../host/small-database.ts";
import {
  schemaText,
  imageRow,
  nameRow,
  layerRow,
  layerSizeRow,
  blobRow,
  originRow,
  signatureRow,
  manifestRow,
  storeVersion,
} from "./image-tables.ts";

export interface StoredImage {
  id: string;
  /** The configuration as it came. */
  config: string;
  /** The image that it was made from here. */
  parent: string | undefined;
  storedAt: string;
  /** When somebody last gave it a name here. */
  taggedAt: string | undefined;
  /** By force, while a container had it: no list shows it, and it goes with that. */
  isRemoved: boolean;
  /** Of all contents of all layers. */
  sizeBytes: number;
  references: string[];
  /** `repository@sha256:…`, of manifests under which registries have it. */
  digests: string[];
}

export interface LayerSizes {
  /** Of its tar. */
  tarBytes: number;
  /** Of all contents. */
  contentBytes: number;
  /** What it takes on the disk. */
  diskBytes: number;
}

export interface StoredLayer extends LayerSizes {
  diffId: string;
  /** How many images have it. */
  images: number;
}

/** A manifest as a registry gave it. */
export interface StoredManifest {
  digest: string;
  mediaType: string;
  body: Uint8Array;
}

/** A layer as a registry is known to have it. */
export interface KnownBlob {
  diffId: string;
  /** As docker users write it, without a tag: `localhost:5000/app`. */
  repository: string;
  /** Of the packed bytes. */
  digest: string;
  sizeBytes: number;
  mediaType: string;
}

/** Where an image was pulled from; not forgotten as long as the image is there. */
export interface Origin {
  /** As docker users write it, without a tag. */
  repository: string;
  /** Of what the reference led to first: an index, or the image's manifest. */
  digest: string;
}

/** A signature as cosign makes it: see `trust/check-signature.ts`. */
export interface StoredSignature {
  form: "simple-signing" | "dsse";
  payload: Uint8Array;
  signature: Uint8Array;
}

export interface NewImageRow {
  id: string;
  config: string;
  parent?: string | undefined;
  /** Sizes are undefined of a layer that is there already. */
  layers: { diffId: string; sizes?: LayerSizes | undefined }[];
}

/** What the store knows: which images there are, what they are called, which layers they share. */
export class ImageDatabase implements Disposable {
  readonly #database: SmallDatabase;

  private constructor(database: SmallDatabase) {
    this.#database = database;
  }

  /** Gives the version instead where it is another one's. */
  static open(path: string, makeRoom?: () => boolean): ImageDatabase | number {
    const database = new SmallDatabase(path, { synchronous: "FULL", makeRoom });
    try {
      const row = database.get("PRAGMA user_version");
      const { user_version: version } = z.object({ user_version: z.number() }).parse(row);
      const isNew = database.get("SELECT 1 FROM sqlite_schema LIMIT 1") === undefined;
      if (!isNew && version !== storeVersion) {
        database[Symbol.dispose]();
        return version;
      }
      // a store of this version may lack tables that came later
      database.transaction(() =>
        database.exec(`${schemaText} PRAGMA user_version = ${storeVersion};`),
      );
      return new ImageDatabase(database);
    } catch (error) {
      database[Symbol.dispose]();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#database[Symbol.dispose]();
  }

  images(): StoredImage[] {
    const references = groupByImage(
      this.#all(nameRow, "SELECT reference AS name, image_id FROM names ORDER BY reference"),
    );
    const digests = groupByImage(
      this.#all(
        nameRow,
        "SELECT repository || '@' || digest AS name, image_id FROM repository_digests ORDER BY 1",
      ),
    );
    return this.#all(
      imageRow,
      `SELECT id, config, parent, stored_at,
         (SELECT at FROM tag_times WHERE image_id = id) AS tagged_at,
         id IN (SELECT image_id FROM removed_images) AS is_removed,
         coalesce((SELECT sum(content_bytes) FROM image_layers JOIN layers USING (diff_id)
           WHERE image_id = id), 0) AS size
       FROM images ORDER BY stored_at DESC, id`,
    ).map(({ id, config, parent, stored_at: storedAt, size, ...row }) => ({
      id,
      config,
      parent: parent ?? undefined,
      storedAt,
      taggedAt: row.tagged_at ?? undefined,
      isRemoved: row.is_removed === 1,
      sizeBytes: size,
      references: references.get(id) ?? [],
      digests: digests.get(id) ?? [],
    }));
  }

  /** Somebody gave it a name here, as by `tag`. */
  noteTag(imageId: string): void {
    this.#run("INSERT OR REPLACE INTO tag_times VALUES (?, ?)", imageId, now());
  }

  /** From here on it counts as removed; what it is made of stays for who has it. */
  noteRemoval(imageId: string): void {
    this.#run("INSERT OR IGNORE INTO removed_images VALUES (?)", imageId);
  }

  /** One that comes again is no longer removed. */
  addImage(image: NewImageRow): void {
    this.#run("DELETE FROM removed_images WHERE image_id = ?", image.id);
    const added = this.#run(
      "INSERT OR IGNORE INTO images VALUES (?, ?, ?, ?)",
      ...[image.id, image.config, image.parent ?? null, now()],
    );
    for (const { diffId, sizes } of image.layers) {
      if (sizes === undefined) continue;
      const { tarBytes, contentBytes, diskBytes } = sizes;
      this.#run(
        "INSERT OR IGNORE INTO layers VALUES (?, ?, ?, ?)",
        ...[diffId, tarBytes, contentBytes, diskBytes],
      );
    }
    if (added === 0) return;
    for (const [position, { diffId }] of image.layers.entries())
      this.#run("INSERT INTO image_layers VALUES (?, ?, ?)", image.id, position, diffId);
  }

  setName(reference: string, imageId: string): void {
    this.#run("INSERT OR REPLACE INTO names VALUES (?, ?, ?)", reference, imageId, now());
  }

  removeName(reference: string): void {
    this.#run("DELETE FROM names WHERE reference = ?", reference);
  }

  addRepositoryDigest(repository: string, digest: string, imageId: string): void {
    this.#run(
      "INSERT OR REPLACE INTO repository_digests VALUES (?, ?, ?)",
      repository,
      digest,
      imageId,
    );
  }

  removeRepositoryDigest(repository: string, digest: string): void {
    this.#run(
      "DELETE FROM repository_digests WHERE repository = ? AND digest = ?",
      repository,
      digest,
    );
  }

  addManifest({ digest, mediaType, body }: StoredManifest, imageId: string): void {
    this.#run(
      "INSERT OR REPLACE INTO manifests VALUES (?, ?, ?, ?)",
      digest,
      imageId,
      mediaType,
      body,
    );
  }

  addOrigin({ repository, digest }: Origin, imageId: string): void {
    this.#run("INSERT OR IGNORE INTO origins VALUES (?, ?, ?)", imageId, repository, digest);
  }

  origins(imageId: string): Origin[] {
    const sql = "SELECT repository, digest FROM origins WHERE image_id = ? ORDER BY rowid";
    return this.#all(originRow, sql, imageId);
  }

  addSignature(signature: StoredSignature, origin: Origin, imageId: string): void {
    this.#run(
      "INSERT OR IGNORE INTO signatures VALUES (?, ?, ?, ?, ?, ?)",
      ...[imageId, origin.repository, origin.digest],
      ...[signature.form, signature.payload, signature.signature],
    );
  }

  signatures(imageId: string, { repository, digest }: Origin): StoredSignature[] {
    return this.#all(
      signatureRow,
      `SELECT form, payload, signature FROM signatures
       WHERE image_id = ? AND repository = ? AND digest = ? ORDER BY rowid`,
      ...[imageId, repository, digest],
    );
  }

  manifests(imageId: string): StoredManifest[] {
    return this.#all(
      manifestRow,
      "SELECT digest, media_type, body FROM manifests WHERE image_id = ? ORDER BY rowid",
      imageId,
    ).map(({ digest, media_type: mediaType, body }) => ({ digest, mediaType, body }));
  }

  manifest(digest: string): StoredManifest | undefined {
    return this.#all(
      manifestRow,
      "SELECT digest, media_type, body FROM manifests WHERE digest = ?",
      digest,
    ).map(({ media_type: mediaType, ...rest }) => ({ ...rest, mediaType }))[0];
  }

  addBlob({ diffId, repository, digest, sizeBytes, mediaType }: KnownBlob): void {
    this.#run(
      "INSERT OR REPLACE INTO blobs VALUES (?, ?, ?, ?, ?)",
      ...[diffId, repository, digest, sizeBytes, mediaType],
    );
  }

  /** Where a layer is known to be, and as what. */
  blobsOf(diffId: string): KnownBlob[] {
    return this.#blobs("diff_id", diffId);
  }

  /** Which layers are known to come of this packed digest. */
  blobsWith(digest: string): KnownBlob[] {
    return this.#blobs("digest", digest);
  }

  removeImage(id: string): void {
    this.#run("DELETE FROM images WHERE id = ?", id);
  }

  /** Forgets the layers that no image has, but for those that `keep` wants; gives their diff ids. */
  removeLooseLayers(keep: (diffId: string) => boolean): string[] {
    const loose = this.#all(
      layerRow,
      "SELECT diff_id FROM layers WHERE diff_id NOT IN (SELECT diff_id FROM image_layers)",
    )
      .map(({ diff_id: diffId }) => diffId)
      .filter((diffId) => !keep(diffId));
    for (const diffId of loose) this.#run("DELETE FROM layers WHERE diff_id = ?", diffId);
    return loose;
  }

  layers(): StoredLayer[] {
    return this.#all(
      layerSizeRow,
      `SELECT diff_id, tar_bytes, content_bytes, disk_bytes,
         (SELECT count(DISTINCT image_id) FROM image_layers WHERE image_layers.diff_id = layers.diff_id) AS images
       FROM layers`,
    ).map((row) => ({
      diffId: row.diff_id,
      tarBytes: row.tar_bytes,
      contentBytes: row.content_bytes,
      diskBytes: row.disk_bytes,
      images: row.images,
    }));
  }

  /** Of all contents of a layer; 0 when it isn't there. */
  layerContentBytes(diffId: string): number {
    const sql = "SELECT content_bytes FROM layers WHERE diff_id = ?";
    return this.#all(z.object({ content_bytes: z.number() }), sql, diffId)[0]?.content_bytes ?? 0;
  }

  hasLayer(diffId: string): boolean {
    return this.#all(layerRow, "SELECT diff_id FROM layers WHERE diff_id = ?", diffId).length > 0;
  }

  /** All that `action` changes, or nothing. */
  transaction<T>(action: () => T): T {
    return this.#database.transaction(action);
  }

  #blobs(column: "diff_id" | "digest", value: string): KnownBlob[] {
    return this.#all(
      blobRow,
      `SELECT diff_id, repository, digest, size_bytes, media_type FROM blobs WHERE ${column} = ? ORDER BY rowid`,
      value,
    ).map(({ diff_id: diffId, size_bytes: sizeBytes, media_type: mediaType, ...rest }) => ({
      ...rest,
      diffId,
      sizeBytes,
      mediaType,
    }));
  }

  #all<T>(row: z.ZodType<T>, sql: string, ...values: string[]): T[] {
    return this.#database.all(sql, ...values).map((one) => row.parse(one));
  }

  /** Gives the number of rows that changed. */
  #run(sql: string, ...values: (string | number | null | Uint8Array)[]): number {
    return this.#database.run(sql, ...values);
  }
}

function groupByImage(rows: { name: string; image_id: string }[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { name, image_id: id } of rows) {
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [name]);
    else group.push(name);
  }
  return groups;
}

function now(): string {
  return new Date().toISOString();
}

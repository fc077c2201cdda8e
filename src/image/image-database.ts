import { DatabaseSync } from "node:sqlite";
import { z } from "zod";

const schemaText = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA foreign_keys = ON;
  CREATE TABLE IF NOT EXISTS layers (
    diff_id TEXT PRIMARY KEY,
    content_bytes INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS images (
    id TEXT PRIMARY KEY,
    config TEXT NOT NULL,
    loaded_at TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS image_layers (
    image_id TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    diff_id TEXT NOT NULL REFERENCES layers(diff_id),
    PRIMARY KEY (image_id, position)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS names (
    reference TEXT PRIMARY KEY,
    image_id TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE
  ) STRICT;`;

const imageRow = z.object({ id: z.string(), config: z.string(), size: z.number() });
const nameRow = z.object({ reference: z.string(), image_id: z.string() });
const layerRow = z.object({ diff_id: z.string() });

export interface StoredImage {
  id: string;
  /** The configuration as it came. */
  config: string;
  /** Of all contents of all layers. */
  sizeBytes: number;
  references: string[];
}

/** What the store knows: which images there are, what they are called, which layers they share. */
export class ImageDatabase implements Disposable {
  readonly #database: DatabaseSync;

  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec(schemaText);
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  images(): StoredImage[] {
    const names = this.#names();
    return this.#database
      .prepare(
        `SELECT id, config, coalesce((SELECT sum(content_bytes) FROM image_layers JOIN layers USING (diff_id)
           WHERE image_id = id), 0) AS size FROM images ORDER BY loaded_at DESC, id`,
      )
      .all()
      .map((row) => imageRow.parse(row))
      .map(({ id, config, size }) => ({
        id,
        config,
        sizeBytes: size,
        references: names.filter((one) => one.image_id === id).map(({ reference }) => reference),
      }));
  }

  addImage(image: {
    id: string;
    config: string;
    layers: { diffId: string; contentBytes: number }[];
  }) {
    this.#transaction(() => {
      const layer = this.#database.prepare("INSERT OR IGNORE INTO layers VALUES (?, ?)");
      for (const { diffId, contentBytes } of image.layers) layer.run(diffId, contentBytes);
      const added = this.#database
        .prepare("INSERT OR IGNORE INTO images VALUES (?, ?, ?)")
        .run(image.id, image.config, new Date().toISOString());
      if (added.changes === 0) return;
      const link = this.#database.prepare("INSERT INTO image_layers VALUES (?, ?, ?)");
      for (const [position, { diffId }] of image.layers.entries())
        link.run(image.id, position, diffId);
    });
  }

  setName(reference: string, imageId: string): void {
    this.#database.prepare("INSERT OR REPLACE INTO names VALUES (?, ?)").run(reference, imageId);
  }

  removeName(reference: string): void {
    this.#database.prepare("DELETE FROM names WHERE reference = ?").run(reference);
  }

  /** Forgets an image and the layers that only it had; gives their diff ids. */
  removeImage(id: string): string[] {
    return this.#transaction(() => {
      this.#database.prepare("DELETE FROM images WHERE id = ?").run(id);
      return this.#database
        .prepare(
          "DELETE FROM layers WHERE diff_id NOT IN (SELECT diff_id FROM image_layers) RETURNING diff_id",
        )
        .all()
        .map((row) => layerRow.parse(row).diff_id);
    });
  }

  layers(): string[] {
    return this.#database
      .prepare("SELECT diff_id FROM layers")
      .all()
      .map((row) => layerRow.parse(row).diff_id);
  }

  #names() {
    return this.#database
      .prepare("SELECT reference, image_id FROM names ORDER BY reference")
      .all()
      .map((row) => nameRow.parse(row));
  }

  #transaction<T>(action: () => T): T {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = action();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}

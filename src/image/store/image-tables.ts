import { z } from "zod";

/** Of the tables and of the files in `layers/`; a store of another version is not read. */
export const storeVersion = 3;

export const schemaText = `
  CREATE TABLE IF NOT EXISTS layers (
    diff_id TEXT PRIMARY KEY,
    tar_bytes INTEGER NOT NULL,
    content_bytes INTEGER NOT NULL,
    disk_bytes INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS images (
    id TEXT PRIMARY KEY,
    config TEXT NOT NULL,
    parent TEXT,
    stored_at TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS image_layers (
    image_id TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    diff_id TEXT NOT NULL REFERENCES layers(diff_id),
    PRIMARY KEY (image_id, position)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS names (
    reference TEXT PRIMARY KEY,
    image_id TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE,
    given_at TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS tag_times (
    image_id TEXT PRIMARY KEY REFERENCES images(id) ON DELETE CASCADE,
    at TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS removed_images (
    image_id TEXT PRIMARY KEY REFERENCES images(id) ON DELETE CASCADE
  ) STRICT;
  CREATE TABLE IF NOT EXISTS repository_digests (
    repository TEXT NOT NULL,
    digest TEXT NOT NULL,
    image_id TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE,
    PRIMARY KEY (repository, digest)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS manifests (
    digest TEXT PRIMARY KEY,
    image_id TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE,
    media_type TEXT NOT NULL,
    body BLOB NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS blobs (
    diff_id TEXT NOT NULL REFERENCES layers(diff_id) ON DELETE CASCADE,
    repository TEXT NOT NULL,
    digest TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    media_type TEXT NOT NULL,
    PRIMARY KEY (diff_id, repository, digest)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS origins (
    image_id TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE,
    repository TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (image_id, repository, digest)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS signatures (
    image_id TEXT NOT NULL,
    repository TEXT NOT NULL,
    digest TEXT NOT NULL,
    form TEXT NOT NULL,
    payload BLOB NOT NULL,
    signature BLOB NOT NULL,
    PRIMARY KEY (image_id, repository, digest, signature),
    FOREIGN KEY (image_id, repository, digest) REFERENCES origins ON DELETE CASCADE
  ) STRICT;`;

export const imageRow = z.object({
  id: z.string(),
  config: z.string(),
  parent: z.string().nullable(),
  stored_at: z.string(),
  size: z.number(),
  tagged_at: z.string().nullable(),
  is_removed: z.number(),
});
export const nameRow = z.object({ name: z.string(), image_id: z.string() });
export const layerRow = z.object({ diff_id: z.string() });
export const layerSizeRow = z.object({
  diff_id: z.string(),
  tar_bytes: z.number(),
  content_bytes: z.number(),
  disk_bytes: z.number(),
  images: z.number(),
});
export const blobRow = z.object({
  diff_id: z.string(),
  repository: z.string(),
  digest: z.string(),
  size_bytes: z.number(),
  media_type: z.string(),
});
export const originRow = z.object({ repository: z.string(), digest: z.string() });
export const signatureRow = z.object({
  form: z.enum(["simple-signing", "dsse"]),
  payload: z.instanceof(Uint8Array),
  signature: z.instanceof(Uint8Array),
});
export const manifestRow = z.object({
  digest: z.string(),
  media_type: z.string(),
  body: z.instanceof(Uint8Array),
});

import type { ImageConfig } from "../image-config.ts";
import type { StagedLayer } from "../layer/stage-layer.ts";
import type { KnownBlob, StoredImage, StoredManifest, StoredSignature } from "./image-database.ts";

export interface Image extends Omit<StoredImage, "config"> {
  /** As it came, or as it was made here. */
  configText: string;
  createdAt: string;
  architecture: string;
  os: string;
  config: ImageConfig;
  rawConfig: unknown;
  /** Diff ids, the lowest first. */
  layers: string[];
}

/** A layer of the store that is held, so that nobody removes it. */
export interface HeldLayer {
  diffId: string;
  folder?: undefined;
}

export interface NewImage {
  /** The configuration's text; its digest is the image's id. */
  config: string;
  layers: readonly (StagedLayer | HeldLayer)[];
  /** The image that it was made from here. */
  parent?: string | undefined;
  /** Names to give it, as docker shows them. */
  references?: readonly string[];
  /** Whether that is a name that somebody gives it here, and none that it came with. */
  isTagged?: boolean;
  /** How a registry has it. */
  origin?: ImageOrigin | undefined;
}

export interface ImageOrigin {
  /** As docker users write it, without a tag. */
  repository: string;
  /** Digests of the manifest, and of the index that led to it. */
  digests: readonly string[];
  manifests: readonly StoredManifest[];
  blobs: readonly Omit<KnownBlob, "repository">[];
  /** Of its first digest, as a policy asked for them. */
  signatures?: readonly StoredSignature[] | undefined;
}

/** What one load, pull or commit has while it works. */
export interface ImageWork {
  /** A folder of its own, which goes with it. */
  folder: string;
  /** Whether the layer is there; then it stays until the work is over. */
  hold(diffId: string): boolean;
}

export interface LoadOptions {
  /** Images for another one are passed over. */
  platform?: { os: string; architecture: string } | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((text: string) => void) | undefined;
}

export interface ImportOptions {
  reference?: string | undefined;
  /** Dockerfile instructions. */
  changes?: string[] | undefined;
  message?: string | undefined;
  signal?: AbortSignal | undefined;
}

export interface CommitOptions {
  /** Id of the image on which the layer lies. */
  parent: string;
  /** A tar of changes, with whiteouts. */
  layer: AsyncIterable<Uint8Array>;
  /** The text of the configuration, when it is known whether there is a layer of its own. */
  config: (diffIds: string[], isEmpty: boolean) => string;
  reference?: string | undefined;
  signal?: AbortSignal | undefined;
}

export interface RemoveOptions {
  force: boolean;
  /** Images that it was made of go with it, where nothing else needs them: so unless told otherwise. */
  withParents?: boolean | undefined;
  users: (imageId: string) => ImageUsers;
}

/** Ids of containers that need an image, where there are such. */
export interface ImageUsers {
  running?: string | undefined;
  stopped?: string | undefined;
}

/** A name that an image `of` had, or what of it was deleted: itself, or a layer by its chain id. */
export interface ImageRemoval {
  of: string;
  untagged?: string;
  deleted?: string;
}

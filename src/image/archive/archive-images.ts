import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import { anyCase, string, strings } from "../../base/json-fields.ts";
import { isBareName, parseReference } from "../reference.ts";
import { type Archive, hasFile } from "./archive.ts";
import {
  type ArchivedImage,
  checkCount,
  checkedImage,
  documentAt,
  layerAt,
  parseDocument,
} from "./archive-parts.ts";
import { ociImages } from "./oci-images.ts";

const dockerManifest = z
  .array(anyCase({ Config: string, RepoTags: strings, Layers: strings }))
  .nullable();

/** The images of `archive`, of an index of several platforms the one for `architecture`. */
export function archivedImages(archive: Archive, architecture: string): ArchivedImage[] {
  if (hasFile(archive, "manifest.json")) return once(dockerImages(archive));
  if (hasFile(archive, "index.json")) return once(ociImages(archive, architecture));
  throw new DvmError(
    "damaged",
    "cannot read the archive: it has neither a manifest.json (docker save) nor an index.json (OCI)",
    { hint: "the tar of a root file system goes in by `dvm import`" },
  );
}

/** An image that is named more than once has all these names. */
function once(images: ArchivedImage[]): ArchivedImage[] {
  const byId = new Map<string, ArchivedImage>();
  for (const image of images) {
    const references = [...(byId.get(image.id)?.references ?? []), ...image.references];
    byId.set(image.id, { ...image, references });
  }
  return [...byId.values()].map((image) => ({
    ...image,
    references: [...new Set(image.references)],
  }));
}

function dockerImages(archive: Archive): ArchivedImage[] {
  const manifest = parseDocument(archive, "manifest.json", dockerManifest) ?? [];
  checkCount(manifest.length);
  return manifest.map(({ Config, RepoTags, Layers }) => {
    const config = documentAt(archive, Config);
    const layers = Layers.map((path) => layerAt(archive, path));
    return checkedImage(config, layers, RepoTags.map(taggedName));
  });
}

/** It needs a tag, as Docker has it; of a digest only the registry can tell whose it is. */
function taggedName(name: string): string {
  const { familiarName, tag } = parseReference(name);
  if (tag === undefined || isBareName(name))
    throw new DvmError("invalid", `cannot read the archive: invalid tag ${JSON.stringify(name)}`);
  return `${familiarName}:${tag}`;
}

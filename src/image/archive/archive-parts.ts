import type { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import { parseJson } from "../../base/parse-json.ts";
import { digestOf } from "../digest.ts";
import { parseImageConfig, type ParsedConfig } from "../image-config.ts";
import type { StagedLayer } from "../layer/stage-layer.ts";
import { type Archive, located, maximumDocumentBytes } from "./archive.ts";

/** An image of an archive, everything of it there and checked. */
export interface ArchivedImage {
  id: string;
  /** The configuration's bytes. */
  configText: string;
  parsed: ParsedConfig;
  layers: StagedLayer[];
  /** As docker shows them. */
  references: string[];
}

const maximumImages = 1024;

export function checkCount(images: number): void {
  if (images > maximumImages)
    throw new DvmError(
      "invalid",
      `cannot read the archive: it names ${images} images, ${maximumImages} is the most`,
    );
}

/** An image of these parts, whose layers must be those that the configuration names. */
export function checkedImage(
  config: Buffer,
  layers: StagedLayer[],
  references: string[],
): ArchivedImage {
  const configText = config.toString("utf8");
  // its digest is the image's id, whether of the bytes or of the text
  if (!Buffer.from(configText).equals(config))
    throw new DvmError("damaged", "cannot read the image: its configuration is not UTF-8");
  const parsed = parseImageConfig(configText);
  if (parsed.layers.length !== layers.length) {
    throw new DvmError(
      "damaged",
      `cannot read the image: its configuration names ${parsed.layers.length} layers, the archive ${layers.length}`,
    );
  }
  for (const [index, layer] of layers.entries()) {
    const wanted = parsed.layers[index] ?? "";
    if (layer.diffId !== wanted) throw wrongDigest(`layer ${index + 1}`, wanted, layer.diffId);
  }
  return { id: digestOf(config), configText, parsed, layers, references };
}

export function documentAt(archive: Archive, path: string): Buffer {
  const place = located(archive, path);
  const document = archive.documents.get(place);
  if (archive.tooLarge.has(place))
    throw new DvmError(
      "invalid",
      `cannot read the archive: ${JSON.stringify(path)} has more than the ${maximumDocumentBytes} bytes that a document may have`,
    );
  if (document === undefined)
    throw new DvmError("damaged", `cannot read the archive: ${JSON.stringify(path)} is missing`);
  return document;
}

export function layerAt(archive: Archive, path: string): StagedLayer {
  const layer = archive.layers.get(located(archive, path));
  if (layer === undefined)
    throw new DvmError(
      "damaged",
      `cannot read the archive: layer ${JSON.stringify(path)} is missing`,
    );
  return layer;
}

export function parseDocument<T>(archive: Archive, path: string, schema: z.ZodType<T>): T {
  const document = documentAt(archive, path);
  try {
    return schema.parse(parseJson(document));
  } catch (cause) {
    throw new DvmError("damaged", `cannot read the archive: ${JSON.stringify(path)} is not valid`, {
      cause,
    });
  }
}

export function checkDigest(bytes: Buffer, wanted: string, what: string): void {
  const found = digestOf(bytes);
  if (found !== wanted) throw wrongDigest(what, wanted, found);
}

export function wrongDigest(what: string, wanted: string, found: string): DvmError {
  return new DvmError(
    "damaged",
    `cannot read the archive: ${what} should be ${wanted}, but is ${found}`,
  );
}

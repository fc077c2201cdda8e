import { DvmError } from "../../base/errors.ts";
import { saveArchive, type SavedImage } from "../../image/archive/save-archive.ts";
import { isBareName, parseReference } from "../../image/reference.ts";
import { referenceOf } from "../../image/store/image-names.ts";
import type { Engine, Image } from "../core.ts";

/**
 * The images of these names as one archive. As docker has it, a name without a tag means all tags of
 * its repository, and an id an image without a name.
 */
export function saveImages(
  engine: Engine,
  names: readonly string[],
  platform?: { os: string; architecture: string },
): AsyncGenerator<Uint8Array> {
  const wanted = new Map<string, SavedImage & { references: string[] }>();
  for (const name of names)
    for (const { image, references } of imagesCalled(engine, name)) {
      const one = wanted.get(image.id) ?? { image, references: [] };
      wanted.set(image.id, one);
      for (const reference of references)
        if (!one.references.includes(reference)) one.references.push(reference);
    }
  for (const { image } of wanted.values()) {
    if (platform !== undefined) requirePlatform(image, platform);
    engine.events.emit("image", "save", image.id, { name: image.id });
  }
  return saveArchive(engine.parts.images, [...wanted.values()]);
}

function requirePlatform(image: Image, wanted: { os: string; architecture: string }): void {
  if (image.os === wanted.os && image.architecture === wanted.architecture) return;
  throw new DvmError(
    "unclassified",
    `no suitable export target found for platform ${wanted.os}/${wanted.architecture}`,
  );
}

function imagesCalled(engine: Engine, name: string): SavedImage[] {
  const { images } = engine.parts;
  const named = referenceOf(name);
  const repository = isBareName(name) ? named?.familiarName : undefined;
  const tagged = repository === undefined ? [] : namesIn(engine, repository);
  if (tagged.length > 0) return tagged;
  const image = images.finder()(name);
  if (image === undefined) throw new DvmError("not-found", `No such image: ${name}`);
  return [{ image, references: image.references.filter((one) => one === named?.familiar) }];
}

function namesIn(engine: Engine, repository: string): SavedImage[] {
  return engine.parts.images.list().flatMap((image) => {
    const references = image.references.filter(
      (one) => parseReference(one).familiarName === repository,
    );
    return references.length === 0 ? [] : [{ image, references }];
  });
}

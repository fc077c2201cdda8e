import type { ImageStore } from "./image-store.ts";

/** Of each image, by its id, how much of it lies in layers that others have, too. */
export function sharedBytes(store: ImageStore): Map<string, number> {
  const layers = new Map(store.database.layers().map((layer) => [layer.diffId, layer]));
  const shared = (diffId: string) => {
    const { images = 0, contentBytes = 0 } = layers.get(diffId) ?? {};
    return images > 1 ? contentBytes : 0;
  };
  return new Map(
    store
      .list()
      .map((image) => [
        image.id,
        [...new Set(image.layers)].reduce((bytes, diffId) => bytes + shared(diffId), 0),
      ]),
  );
}

import { verifyImages as verifyStored, type Verification } from "../../image/store/verify-image.ts";
import type { Engine } from "../core.ts";

/** Looks through the images of these names or ids, or all when none is named, one by one. */
export function verifyImages(
  engine: Engine,
  names: readonly string[],
): AsyncGenerator<Verification> {
  const { images } = engine.parts;
  const wanted = names.length === 0 ? images.list() : names.map((one) => images.find(one));
  return verifyStored(images, wanted);
}

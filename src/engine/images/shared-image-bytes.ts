import { sharedBytes } from "../../image/store/shared-bytes.ts";
import type { Engine } from "../core.ts";

/** Of each image, by its id, how much of it lies in layers that others have, too. */
export function sharedImageBytes({ parts }: Engine): Map<string, number> {
  return sharedBytes(parts.images);
}

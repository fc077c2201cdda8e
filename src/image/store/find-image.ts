import { DvmError } from "../../base/errors.ts";
import { digestHex } from "../digest.ts";
import { parseReference } from "../reference.ts";
import { isNamed, referenceOf } from "./image-names.ts";
import type { Image } from "./image-types.ts";

/** The image of this name, `name@digest`, id, or unambiguous beginning of an id. */
export function findImage(images: readonly Image[], nameOrId: string): Image {
  const reference = referenceOf(nameOrId);
  const named = images.find((image) => isNamed(image, reference));
  if (named !== undefined) return named;
  const hex = nameOrId.replace(/^sha256:/, "");
  const matches = /^[0-9a-f]{1,64}$/.test(hex)
    ? images.filter(({ id }) => digestHex(id).startsWith(hex))
    : [];
  const [only] = matches;
  if (only === undefined && !/^[0-9a-f]{64}$/.test(hex)) parseReference(nameOrId);
  if (only === undefined)
    throw new DvmError("not-found", `No such image: ${reference?.familiar ?? nameOrId}`);
  if (matches.length > 1)
    throw new DvmError("invalid", `Multiple IDs found with provided prefix: ${nameOrId}`);
  return only;
}

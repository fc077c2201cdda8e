import { DvmError } from "../../base/errors.ts";
import { digestHex } from "../digest.ts";

interface Removal {
  image: { id: string; references: string[] };
  /** The name by which it was asked for; undefined when by id. */
  byName: string | undefined;
  /** Id of a container that needs the image. */
  user: string | undefined;
  force: boolean;
}

/** Docker's rules of what stands in the way of an image's removal, and its words. */
export function checkRemoval({ image, byName, user, force }: Removal): void {
  if (force) return;
  const shortId = digestHex(image.id).slice(0, 12);
  if (user !== undefined) {
    const shortUser = user.slice(0, 12);
    throw new DvmError(
      "conflict",
      byName === undefined
        ? `conflict: unable to delete ${shortId} (must be forced) - image is being used by stopped container ${shortUser}`
        : `conflict: unable to remove repository reference "${byName}" (must force) - container ${shortUser} is using its referenced image ${shortId}`,
    );
  }
  if (byName === undefined && image.references.length > 1) {
    throw new DvmError(
      "conflict",
      `conflict: unable to delete ${shortId} (must be forced) - image is referenced in multiple repositories`,
    );
  }
}

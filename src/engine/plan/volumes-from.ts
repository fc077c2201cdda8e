import { DvmError } from "../../base/errors.ts";
import type { Mount } from "../records.ts";
import { isModes } from "./bind-specification.ts";

/** Modes that a mount keeps from the container that it comes from. */
const inherited = /^(?:r?private|r?shared|r?slave|nocopy)$/;

/** What `--volumes-from` takes from another container: `NAME` or `NAME:MODES`. */
export function volumesFrom(
  text: string,
  mountsOf: (container: string) => readonly Mount[],
): Mount[] {
  if (text === "")
    throw new DvmError("invalid", "volumes-from specification cannot be an empty string");
  const colon = text.indexOf(":");
  const [container, modes] = colon < 0 ? [text, ""] : [text.slice(0, colon), text.slice(colon + 1)];
  const words = modes.split(",");
  if (!isModes(modes) || words.some((word) => inherited.test(word)))
    throw new DvmError("invalid", `invalid mode: ${modes}`);
  return mountsOf(container).map((mount) => {
    // as with Docker, whose table of mounts has none of the container's own
    if (mount.kind === "tmpfs") throw new DvmError("not-found", "get: no such volume");
    return {
      ...mount,
      readOnly: mount.readOnly || words.includes("ro"),
      mode: "",
      ...(mount.kind === "volume" ? { startsEmpty: true } : {}),
    };
  });
}

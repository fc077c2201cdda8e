import { readFile, realpath } from "node:fs/promises";
import { DvmError } from "../../base/errors.ts";
import type { Mount } from "../records.ts";

/** A mount of the host, as /proc/self/mountinfo tells of it. */
interface HostMount {
  place: string;
  isShared: boolean;
  isSlave: boolean;
}

/**
 * What Docker finds out of a bind's options at the start, in its words. What a machine can't do is
 * refused: its mounts are never the host's, and what is mounted below a bind's source is always a
 * part of it.
 */
export async function checkBindOptions(mount: Mount): Promise<void> {
  const { source, propagation = "", topOnly, conflict } = mount;
  if (conflict !== undefined)
    throw new DvmError("unclassified", `mount options conflict: ${conflict}`);
  if (topOnly === undefined && !/shared|slave/.test(propagation)) return;
  const path = await realpath(source).catch(() => source);
  const mounts = await hostMounts();
  checkPropagation(path, propagation, mounts);
  const below = mounts.find(({ place }) => place.startsWith(`${path.replace(/\/$/, "")}/`));
  if (topOnly === undefined || below === undefined) return;
  const wish = topOnly === "seen" ? "without what is" : "read-only, and not what is";
  throw new DvmError(
    "unsupported",
    `cannot mount ${source} ${wish} mounted below it: a machine has both alike (${below.place})`,
  );
}

function checkPropagation(path: string, propagation: string, mounts: readonly HostMount[]): void {
  const [above] = mounts
    .filter(({ place }) => isAtOrBelow(path, place))
    .sort((a, b) => b.place.length - a.place.length);
  const place = above?.place ?? "/";
  const refused = (kind: string) =>
    new DvmError(
      "unclassified",
      `path ${path} is mounted on ${place} but it is not a ${kind} mount`,
    );
  if (/shared/.test(propagation)) {
    if (above?.isShared !== true) throw refused("shared");
    throw new DvmError(
      "unsupported",
      `cannot mount ${path} with propagation ${propagation}: what is mounted in a machine is never the host's`,
    );
  }
  if (/slave/.test(propagation) && above?.isShared !== true && above?.isSlave !== true)
    throw refused("shared or slave");
}

function isAtOrBelow(path: string, place: string): boolean {
  return path === place || path.startsWith(place === "/" ? "/" : `${place}/`);
}

/** `36 35 98:0 /root /place options shared:1 master:2 - ext4 …`, the topmost of each place. */
async function hostMounts(): Promise<HostMount[]> {
  const table = await readFile("/proc/self/mountinfo", "utf8");
  const byPlace = new Map<string, HostMount>();
  for (const line of table.split("\n").filter((text) => text !== "")) {
    const [fields = ""] = line.split(" - ");
    const [, , , , place = "", , ...optional] = fields.split(" ");
    byPlace.set(place, {
      place,
      isShared: optional.some((word) => word.startsWith("shared:")),
      isSlave: optional.some((word) => word.startsWith("master:")),
    });
  }
  return [...byPlace.values()];
}

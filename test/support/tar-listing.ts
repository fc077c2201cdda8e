import { createHash } from "node:crypto";
import { ByteSource } from "../../src/base/byte-source.ts";
import { readTar } from "../../src/base/tar/tar-reader.ts";

/** All that a tar says of its files, by path without slashes at its ends; made to be compared. */
export type TarListing = Record<string, object>;

/** Of hard links each says the first path of all that are one file, by the alphabet. */
export async function listTar(source: AsyncIterable<Uint8Array>): Promise<TarListing> {
  const listing = new Map<string, object>();
  const groups = new Map<string, string[]>();
  for await (const entry of readTar(new ByteSource(source))) {
    const path = clean(entry.path);
    const hash = createHash("sha256");
    for await (const piece of entry.body()) hash.update(piece);
    if (entry.type === "hardlink") {
      const first = clean(entry.linkTarget);
      groups.set(first, [...(groups.get(first) ?? [first]), path]);
      continue;
    }
    listing.set(path, {
      type: entry.type,
      mode: entry.mode.toString(8),
      owner: `${entry.uid}:${entry.gid}`,
      size: entry.sizeBytes,
      time: entry.type === "dir" ? undefined : entry.mtimeSeconds,
      link: entry.linkTarget,
      device: `${entry.deviceMajor}:${entry.deviceMinor}`,
      xattrs: [...entry.xattrs].map(([name, value]) => `${name}=${value.toString("hex")}`).sort(),
      content: hash.digest("hex"),
    });
  }
  for (const [first, paths] of groups) {
    const same = paths.toSorted()[0];
    for (const path of paths) listing.set(path, { ...listing.get(first), same });
  }
  return Object.fromEntries([...listing].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function clean(path: string): string {
  return path.replace(/^(\.\/|\/)+/, "").replace(/\/$/, "");
}

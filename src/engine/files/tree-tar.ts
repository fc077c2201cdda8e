import type { TreeEntry } from "../../agent/guest-files.ts";
import { DvmError } from "../../base/errors.ts";
import { gather } from "../../base/gather.ts";
import { printable, type EntryType } from "../../base/tar/tar-reader.ts";
import { tarEnd, tarHeader, fileEnd } from "../../base/tar/tar-writer.ts";
import { opaqueMarker, whiteoutPrefix } from "../../image/layer/whiteouts.ts";

const pieceBytes = 256 * 1024;

interface TarOptions {
  /** What the archive calls a path; undefined leaves the entry out. */
  rename: (path: string) => string | undefined;
  /** Bytes of content that all files may have together. */
  maximumBytes?: number;
}

/** A guest's files as a tar. */
export function treeTar(
  entries: AsyncIterable<TreeEntry>,
  options: TarOptions,
): AsyncGenerator<Buffer> {
  return gather(blocks(entries, options), pieceBytes);
}

/** The same as an image's layer: with whiteouts (OCI image-spec, layer.md). */
export function layerTar(
  entries: AsyncIterable<TreeEntry>,
  maximumBytes: number,
): AsyncGenerator<Buffer> {
  return treeTar(layerEntries(entries), { rename: (path) => path, maximumBytes });
}

async function* blocks(
  entries: AsyncIterable<TreeEntry>,
  { rename, maximumBytes = Infinity }: TarOptions,
): AsyncGenerator<Buffer> {
  const firstPaths = new Map<string, string>();
  let total = 0;
  for await (const entry of entries) {
    const path = rename(entry.path);
    if (path === undefined) continue;
    total += entry.sizeBytes;
    if (total > maximumBytes) {
      throw new DvmError(
        "invalid",
        `cannot archive the files: they hold more than ${maximumBytes} bytes`,
      );
    }
    yield tarHeader({ ...entry, path, type: typeInTar(entry), ...linkOf(entry, path, firstPaths) });
    yield* entry.content();
    yield fileEnd(entry.sizeBytes);
  }
  yield tarEnd();
}

function typeInTar({ type, path }: TreeEntry): EntryType {
  if (type === "socket" || type === "whiteout" || type === "opaque")
    throw new DvmError("damaged", `cannot archive ${printable(path)}: the guest sent a ${type}`);
  return type;
}

/** A hard link's target is the first path of the same file. */
function linkOf(
  { type, fileId, path: guestPath }: TreeEntry,
  path: string,
  firstPaths: Map<string, string>,
): { linkTarget?: string } {
  if (fileId === undefined) return {};
  const first = firstPaths.get(fileId);
  if (type !== "hardlink") {
    firstPaths.set(fileId, path);
    return {};
  }
  if (first === undefined)
    throw new DvmError(
      "damaged",
      `cannot archive ${printable(guestPath)}: the guest sent a link to nothing`,
    );
  return { linkTarget: first };
}

async function* layerEntries(entries: AsyncIterable<TreeEntry>): AsyncGenerator<TreeEntry> {
  for await (const entry of entries) {
    const cut = entry.path.lastIndexOf("/") + 1;
    const [folder, name] = [entry.path.slice(0, cut), entry.path.slice(cut)];
    if (name === "" || name.startsWith(whiteoutPrefix)) {
      throw new DvmError(
        "unsupported",
        `cannot commit ${printable(entry.path)}: in a layer its name means that something is deleted`,
      );
    }
    if (entry.type === "whiteout")
      yield { ...entry, type: "file", path: `${folder}${whiteoutPrefix}${name}` };
    else if (entry.type === "opaque")
      yield { ...entry, type: "file", path: `${entry.path}/${opaqueMarker}` };
    else yield entry;
  }
}

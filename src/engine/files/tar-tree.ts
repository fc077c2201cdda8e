import { posix } from "node:path";
import type { NewFile } from "../../agent/guest-files.ts";
import { ByteSource } from "../../base/byte-source.ts";
import { DvmError } from "../../base/errors.ts";
import { printable, readTar, type TarEntry } from "../../base/tar/tar-reader.ts";
import { compressionOf, decompress, peek } from "../../image/layer/decompress.ts";

const sniffBytes = 6;

/** What a tar, compressed or not, would have made below a folder. Names that lead out are refused. */
export async function* filesOfTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<NewFile> {
  const { start, whole } = await peek(source, sniffBytes);
  const bytes = new ByteSource(decompress(compressionOf(start), whole));
  for await (const entry of readTar(bytes)) {
    const path = insidePath(entry.path);
    if (path === undefined)
      throw new DvmError("unclassified", `invalid entry name ${printable(entry.path)}`);
    const content = () => entry.body();
    if (path !== "") yield { ...entry, path, linkTarget: targetOf(entry), content };
  }
}

function targetOf(entry: TarEntry): string {
  if (entry.sparse === true)
    throw new DvmError("unsupported", `cannot copy ${printable(entry.path)}: it is sparse`);
  if (entry.type !== "hardlink") return entry.linkTarget;
  const target = insidePath(entry.linkTarget);
  if (target === undefined || target === "") {
    throw new DvmError("unclassified", `invalid hardlink target ${printable(entry.linkTarget)}`);
  }
  return target;
}

/** Relative and without dots; "" is the folder itself, undefined outside of it. */
function insidePath(path: string): string | undefined {
  const clean = posix.normalize(path).replace(/^\/+/, "").replace(/\/$/, "");
  if (clean === ".") return "";
  return clean === ".." || clean.startsWith("../") ? undefined : clean;
}

import { mkdir, stat } from "node:fs/promises";
import { DvmError } from "../../base/errors.ts";
import { ByteSource } from "../../base/byte-source.ts";
import { compressionOf, decompress, peek } from "./decompress.ts";
import { Digester } from "../digest.ts";
import { layerFiles, writeLayer } from "./layer.ts";
import { withinSpace } from "./space-guard.ts";
import { TarHeaderLog } from "./tar-headers.ts";
import { readTar } from "../../base/tar/tar-reader.ts";

/** A layer on disk that no image owns yet. */
export interface StagedLayer {
  folder: string;
  /** Of the bytes as they came. */
  digest: string;
  /** Of the tar within. */
  diffId: string;
  /** Of the tar within. */
  tarBytes: number;
  /** Of all contents. */
  contentBytes: number;
  /** Of the bytes as they came. */
  packedBytes: number;
  /** What it takes on the disk. */
  diskBytes: number;
}

const sniffBytes = 6;

/**
 * Reads a layer, compressed or not, once: unpacks, hashes and stores it as it flows by. One of no
 * bytes at all holds nothing, as Docker has it.
 */
export async function stageLayer(
  source: AsyncIterable<Uint8Array>,
  folder: string,
  signal?: AbortSignal,
): Promise<StagedLayer> {
  const { start, whole } = await peek(source, sniffBytes);
  const compression = compressionOf(start);
  const [packed, unpacked] = [new Digester(), new Digester()];
  const arriving = abortable(whole, signal);
  const tar = compression === "none" ? arriving : decompress(compression, packed.through(arriving));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const headers = new TarHeaderLog(layerFiles(folder).headers);
  const bytes = new ByteSource(unpacked.through(tar), (piece) => headers.add(piece));
  let contentBytes: number;
  try {
    contentBytes = await writeLayer(folder, withinSpace(readTar(bytes), folder), headers);
    await bytes.drain();
    await headers.end();
  } catch (error) {
    await headers.abandon();
    throw error;
  }
  const diffId = unpacked.digest();
  return {
    folder,
    diffId,
    digest: compression === "none" ? diffId : packed.digest(),
    packedBytes: compression === "none" ? unpacked.bytes : packed.bytes,
    tarBytes: unpacked.bytes,
    contentBytes,
    diskBytes: await layerBytes(folder),
  };
}

async function* abortable(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    if (signal?.aborted === true)
      throw new DvmError("unavailable", "cannot go on reading the image: who sent it has gone");
    yield chunk;
  }
}

async function layerBytes(folder: string): Promise<number> {
  const files = await Promise.all(Object.values(layerFiles(folder)).map((path) => stat(path)));
  return files.reduce((sum, { size }) => sum + size, 0);
}

import { DvmError } from "../base/errors.ts";
import { ByteSource } from "./byte-source.ts";
import { compressionOf, decompress, peek } from "./decompress.ts";
import { Digester } from "./digest.ts";
import { writeLayer } from "./layer.ts";
import { readTar } from "./tar-reader.ts";

/** A layer on disk that no image owns yet. */
export interface StagedLayer {
  folder: string;
  /** Of the bytes as they came. */
  digest: string;
  /** Of the tar within. */
  diffId: string;
  /** Of all contents. */
  contentBytes: number;
}

const sniffBytes = 6;

/** Reads a layer, compressed or not, once: unpacks, hashes and stores it as it flows by. */
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
  const bytes = new ByteSource(unpacked.through(tar));
  const contentBytes = await writeLayer(folder, readTar(bytes));
  await bytes.drain();
  if (unpacked.bytes === 0) throw new DvmError("damaged", "cannot read the layer: it is empty");
  const diffId = unpacked.digest();
  return {
    folder,
    diffId,
    digest: compression === "none" ? diffId : packed.digest(),
    contentBytes,
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

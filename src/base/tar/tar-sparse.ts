import type { ByteSource } from "../byte-source.ts";
import type { PaxRecords } from "./pax.ts";
import { blockBytes, damaged, readNumber } from "./tar-header.ts";

/** A file with holes: what of it is in the archive, in order; all else is zeros. */
export interface SparseMap {
  /** With the holes. */
  sizeBytes: number;
  parts: readonly SparsePart[];
  /** Bytes of the entry's content that held the map itself. */
  mapBytes: number;
}

interface SparsePart {
  offset: number;
  length: number;
}

const maximumMapBytes = 1 << 20;
const oldParts = {
  inHeader: { at: 386, most: 4, more: 482 },
  after: { at: 0, most: 21, more: 504 },
};
const zeros = Buffer.alloc(64 << 10);

/**
 * The map of an entry of old GNU's type `S`: in the header, and in blocks behind it.
 * Formats: GNU tar manual, "Storing Sparse Files".
 */
export async function oldSparseMap(header: Buffer, source: ByteSource): Promise<SparseMap> {
  const parts: SparsePart[] = [];
  let [block, form] = [header, oldParts.inHeader];
  for (let bytes = 0; bytes < maximumMapBytes; bytes += blockBytes) {
    for (let index = 0; index < form.most; index += 1) {
      const field = (at: number) => block.subarray(form.at + at, form.at + at + 12);
      if (field(index * 24)[0] === 0) break;
      parts.push({
        offset: readNumber(field(index * 24)),
        length: readNumber(field(index * 24 + 12)),
      });
    }
    if (block[form.more] === 0)
      return { sizeBytes: readNumber(header.subarray(483, 495)), parts, mapBytes: 0 };
    const next = await source.exactly(blockBytes);
    if (next === undefined) throw damaged("it ends in a map of holes");
    [block, form] = [next, oldParts.after];
  }
  throw tooLong();
}

/**
 * The map that PAX records speak of (GNU's formats 0.0, 0.1 and 1.0), the last in the first `stored`
 * bytes of the content; undefined for a file without holes.
 */
export async function paxSparseMap(
  pax: PaxRecords,
  { source, stored }: { source: ByteSource; stored: number },
): Promise<SparseMap | undefined> {
  const text = (key: string) => pax.get(`GNU.sparse.${key}`)?.toString("latin1") ?? "";
  const version = `${text("major")}.${text("minor")}`;
  const isInContent = version === "1.0";
  if (!isInContent && version !== "0.0" && version !== "0.1" && text("map") === "") {
    const isSparse = [...pax.keys()].some((key) => key.startsWith("GNU.sparse."));
    if (isSparse && text("numblocks") !== "0")
      throw damaged(`a file with holes of form ${version}`);
    if (!isSparse) return undefined;
  }
  const sizeBytes = decimal(text("size") || text("realsize"));
  if (isInContent) return { sizeBytes, ...(await mapInContent(source, stored)) };
  const numbers = text("map") === "" ? [] : text("map").split(",").map(decimal);
  const parts = inPairs(numbers);
  if (parts.length !== decimal(text("numblocks")))
    throw damaged("a map of holes of another length");
  return { sizeBytes, parts, mapBytes: 0 };
}

/** What such a map says must fit together, and to what the archive holds. */
export function checkSparseMap({ sizeBytes, parts, mapBytes }: SparseMap, stored: number): void {
  let end = 0;
  let held = mapBytes;
  for (const { offset, length } of parts) {
    if (offset < end || length < 0 || offset + length > sizeBytes)
      throw damaged(`a map of holes with ${length} bytes at ${offset}`);
    end = offset + length;
    held += length;
  }
  if (held !== stored) throw damaged(`a file with holes of ${held} bytes that has ${stored}`);
}

/** The file whole; `stored` gives the next bytes of what is in the archive. */
export async function* withHoles(
  { sizeBytes, parts }: SparseMap,
  stored: (length: number) => AsyncGenerator<Buffer>,
): AsyncGenerator<Buffer> {
  let at = 0;
  for (const { offset, length } of parts) {
    yield* hole(offset - at);
    yield* stored(length);
    at = offset + length;
  }
  yield* hole(sizeBytes - at);
}

function* hole(length: number): Generator<Buffer> {
  for (let left = length; left > 0; left -= zeros.length)
    yield left < zeros.length ? zeros.subarray(0, left) : zeros;
}

/** Decimal numbers, each with a line feed, filled up to a block: how many parts, then each. */
async function mapInContent(source: ByteSource, stored: number) {
  let text = "";
  let lines = 0;
  let wanted = 1;
  let mapBytes = 0;
  while (lines < wanted) {
    mapBytes += blockBytes;
    if (mapBytes > maximumMapBytes) throw tooLong();
    const block = mapBytes > stored ? undefined : await source.exactly(blockBytes);
    if (block === undefined) throw damaged("it ends in a map of holes");
    text += block.toString("latin1");
    for (const byte of block) if (byte === 0x0a) lines += 1;
    if (wanted === 1 && lines > 0) wanted += 2 * decimal(text.slice(0, text.indexOf("\n")));
  }
  return { parts: inPairs(text.split("\n").slice(1, wanted).map(decimal)), mapBytes };
}

function inPairs(numbers: readonly number[]): SparsePart[] {
  if (numbers.length % 2 !== 0) throw damaged("half a part in a map of holes");
  return numbers.flatMap((offset, index) =>
    index % 2 === 0 ? [{ offset, length: numbers[index + 1] ?? 0 }] : [],
  );
}

function decimal(text: string): number {
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value))
    throw damaged(`the number ${JSON.stringify(text.slice(0, 40))} in a map of holes`);
  return value;
}

function tooLong() {
  return damaged(`a map of holes of more than ${maximumMapBytes} bytes`);
}

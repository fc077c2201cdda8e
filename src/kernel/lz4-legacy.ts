import { DvmError } from "../base/errors.ts";

const magicBytes = 4;
const lengthBytes = 4;
/** The legacy frame cuts its input into blocks of this size, which don't refer to each other. */
const blockBytes = 8 * 2 ** 20;
const minimumMatch = 4;

/** Decodes what `lz4 -l` writes. Format: lz4_Frame_format.md, "Legacy frame"; lz4_Block_format.md. */
export function decodeLz4Legacy(input: Buffer): Buffer {
  const blocks: Buffer[] = [];
  for (let at = magicBytes; at + lengthBytes <= input.length;) {
    const length = input.readUInt32LE(at);
    at += lengthBytes;
    if (length === 0 || at + length > input.length) break;
    blocks.push(decodeBlock(input.subarray(at, at + length)));
    at += length;
  }
  return Buffer.concat(blocks);
}

function decodeBlock(input: Buffer): Buffer {
  const output = Buffer.alloc(blockBytes);
  const reader = { input, at: 0 };
  let size = 0;
  for (;;) {
    const token = nextByte(reader);
    const literals = extendedLength(reader, token >> 4);
    input.copy(output, size, reader.at, reader.at + literals);
    reader.at += literals;
    size += literals;
    if (reader.at >= input.length) return output.subarray(0, size);
    const distance = nextByte(reader) | (nextByte(reader) << 8);
    const length = extendedLength(reader, token & 15) + minimumMatch;
    if (distance === 0 || distance > size || size + length > blockBytes) throw brokenBlock();
    // may overlap itself: that is how LZ4 repeats
    for (let end = size + length; size < end; size++) output[size] = output[size - distance] ?? 0;
  }
}

interface Reader {
  input: Buffer;
  at: number;
}

function extendedLength(reader: Reader, nibble: number): number {
  if (nibble < 15) return nibble;
  for (let length = nibble; ;) {
    const byte = nextByte(reader);
    length += byte;
    if (byte < 255) return length;
  }
}

function nextByte(reader: Reader): number {
  const byte = reader.input[reader.at++];
  if (byte === undefined) throw brokenBlock();
  return byte;
}

function brokenBlock(): DvmError {
  return new DvmError("damaged", "cannot unpack LZ4: a block is broken");
}

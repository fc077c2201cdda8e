import {
  frameHeaderBytes,
  frameTrailer,
  frameTrailerBytes,
  frameType,
  maximumPayloadBytes,
  nonceBytes,
  syncMagic,
} from "./protocol.ts";
import { brokenProtocol } from "./wire.ts";

export interface Frame {
  type: number;
  id: number;
  payload: Buffer;
}

/** One frame's bytes; see guest/protocol.h. */
export function encodeFrame(type: number, id: number, ...payload: Uint8Array[]): Buffer {
  return Buffer.concat(framePieces(type, id, payload));
}

/** The same in pieces, none of which is a copy. */
export function framePieces(
  type: number,
  id: number,
  payload: readonly Uint8Array[],
): Uint8Array[] {
  const header = Buffer.alloc(frameHeaderBytes);
  header.writeUInt32LE(
    payload.reduce((sum, part) => sum + part.length, 0),
    0,
  );
  header.writeUInt16LE(type, 4);
  header.writeUInt32LE(id, 8);
  return [header, ...payload, trailer];
}

const trailer: Buffer = Buffer.alloc(frameTrailerBytes);
trailer.writeUInt32LE(frameTrailer);

export function syncFrame(nonce: Buffer): Buffer {
  return encodeFrame(frameType.sync, 0, syncMagic, nonce);
}

const nothing: Buffer = Buffer.alloc(0);

/** How long the frame is that begins here, or as much of it as tells that. */
function wantedBytes(bytes: Buffer): number {
  if (bytes.length < frameHeaderBytes) return frameHeaderBytes;
  const length = bytes.readUInt32LE(0);
  if (length > maximumPayloadBytes || bytes.readUInt16LE(6) !== 0)
    throw brokenProtocol("a frame with an illegal header");
  return frameHeaderBytes + length + frameTrailerBytes;
}

/** The frame that begins here; undefined: it is not whole yet. */
function frameIn(bytes: Buffer): Frame | undefined {
  const wanted = wantedBytes(bytes);
  if (bytes.length < wanted || wanted === frameHeaderBytes) return undefined;
  const end = wanted - frameTrailerBytes;
  if (bytes.readUInt32LE(end) !== frameTrailer) throw brokenProtocol("a frame without its end");
  const payload = bytes.subarray(frameHeaderBytes, end);
  return { type: bytes.readUInt16LE(4), id: bytes.readUInt32LE(8), payload };
}

/**
 * Takes the guest's byte stream apart. Bytes before the SYNC with our nonce are of an earlier
 * conversation, or garbage, and are dropped; after it a frame that breaks a rule throws.
 */
export class FrameReader {
  readonly #sync: Buffer;
  #inStep = false;
  #rest: Buffer = nothing;

  constructor(nonce: Buffer) {
    this.#sync = Buffer.concat([syncMagic, nonce]);
  }

  *read(chunk: Buffer): Generator<Frame> {
    let bytes = this.#inStep ? chunk : this.#hunt(Buffer.concat([this.#take(), chunk]));
    while (this.#inStep) {
      // only the frame that came in two pieces is copied
      if (this.#rest.length > 0) {
        const missing = wantedBytes(this.#rest) - this.#rest.length;
        const piece = bytes.subarray(0, missing);
        const joined = Buffer.concat([this.#take(), piece]);
        bytes = bytes.subarray(piece.length);
        const frame = frameIn(joined);
        if (frame === undefined) {
          this.#rest = joined;
          if (bytes.length === 0) return;
          continue;
        }
        yield frame;
      }
      const frame = frameIn(bytes);
      if (frame === undefined) break;
      bytes = bytes.subarray(frameHeaderBytes + frame.payload.length + frameTrailerBytes);
      yield frame;
    }
    this.#rest = bytes;
  }

  #take(): Buffer {
    const rest = this.#rest;
    this.#rest = nothing;
    return rest;
  }

  /** What follows the SYNC frame, or the end of `bytes` that may be its beginning. */
  #hunt(bytes: Buffer): Buffer {
    const end = syncMagic.length + nonceBytes + frameTrailerBytes;
    const at = bytes.indexOf(this.#sync);
    if (at === -1) return bytes.subarray(Math.max(0, bytes.length - this.#sync.length + 1));
    if (bytes.length < at + end) return bytes.subarray(at);
    this.#inStep = true;
    return bytes.subarray(at + end);
  }
}

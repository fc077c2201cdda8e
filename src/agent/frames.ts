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
  const length = payload.reduce((sum, part) => sum + part.length, 0);
  const header = Buffer.alloc(frameHeaderBytes);
  header.writeUInt32LE(length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt32LE(id, 8);
  const trailer = Buffer.alloc(frameTrailerBytes);
  trailer.writeUInt32LE(frameTrailer);
  return Buffer.concat([header, ...payload, trailer]);
}

export function syncFrame(nonce: Buffer): Buffer {
  return encodeFrame(frameType.sync, 0, syncMagic, nonce);
}

/**
 * Takes the guest's byte stream apart. Bytes before the SYNC with our nonce are of an earlier
 * conversation, or garbage, and are dropped; after it a frame that breaks a rule throws.
 */
export class FrameReader {
  readonly #sync: Buffer;
  #inStep = false;
  #rest: Buffer = Buffer.alloc(0);

  constructor(nonce: Buffer) {
    this.#sync = Buffer.concat([syncMagic, nonce]);
  }

  *read(chunk: Buffer): Generator<Frame> {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (!this.#inStep) bytes = this.#hunt(bytes);
    while (this.#inStep && bytes.length >= frameHeaderBytes) {
      const length = bytes.readUInt32LE(0);
      if (length > maximumPayloadBytes || bytes.readUInt16LE(6) !== 0)
        throw brokenProtocol("a frame with an illegal header");
      const end = frameHeaderBytes + length;
      if (bytes.length < end + frameTrailerBytes) break;
      if (bytes.readUInt32LE(end) !== frameTrailer) throw brokenProtocol("a frame without its end");
      const payload = bytes.subarray(frameHeaderBytes, end);
      yield { type: bytes.readUInt16LE(4), id: bytes.readUInt32LE(8), payload };
      bytes = bytes.subarray(end + frameTrailerBytes);
    }
    this.#rest = bytes;
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

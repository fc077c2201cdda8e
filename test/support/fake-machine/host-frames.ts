import { encodeFrame, type Frame } from "../../../src/agent/frames.ts";
import {
  frameHeaderBytes,
  frameTrailer,
  frameTrailerBytes,
  frameType,
  maximumPayloadBytes,
  nonceBytes,
  syncMagic,
} from "../../../src/agent/protocol.ts";

/** What a host sends: a greeting with its nonce, or a frame. */
export type FromHost = { kind: "greeting"; nonce: Buffer } | { kind: "frame"; frame: Frame };

/** Takes a host's byte stream apart as guest/frame.c does: what breaks a rule is hunted through. */
export class HostFrames {
  #inStep = false;
  #rest: Buffer = Buffer.alloc(0);

  /** What comes next counts as the payload of a frame that has just begun. */
  standInFrame(): void {
    this.#inStep = true;
    this.#rest = encodeFrame(frameType.data, 0, Buffer.alloc(maximumPayloadBytes)).subarray(
      0,
      frameHeaderBytes,
    );
  }

  *read(chunk: Buffer): Generator<FromHost> {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const next = this.#inStep ? this.#frame() : this.#greeting();
      if (next === undefined) return;
      if (next !== "again") yield next;
    }
  }

  #greeting(): FromHost | undefined {
    const at = this.#rest.indexOf(syncMagic);
    const nonceAt = at + syncMagic.length;
    if (at === -1) {
      this.#rest = this.#rest.subarray(Math.max(0, this.#rest.length - syncMagic.length + 1));
      return undefined;
    }
    if (this.#rest.length < nonceAt + nonceBytes + frameTrailerBytes) return undefined;
    const nonce = Buffer.from(this.#rest.subarray(nonceAt, nonceAt + nonceBytes));
    this.#rest = this.#rest.subarray(nonceAt + nonceBytes + frameTrailerBytes);
    this.#inStep = true;
    return { kind: "greeting", nonce };
  }

  #frame(): FromHost | "again" | undefined {
    const bytes = this.#rest;
    if (bytes.length < frameHeaderBytes) return undefined;
    const [length, type, id] = [
      bytes.readUInt32LE(0),
      bytes.readUInt16LE(4),
      bytes.readUInt32LE(8),
    ];
    const end = frameHeaderBytes + length;
    const isLegal = length <= maximumPayloadBytes && bytes.readUInt16LE(6) === 0;
    if (isLegal && bytes.length < end + frameTrailerBytes) return undefined;
    if (!isLegal || bytes.readUInt32LE(end) !== frameTrailer || type === frameType.sync) {
      this.#inStep = false;
      return "again";
    }
    this.#rest = bytes.subarray(end + frameTrailerBytes);
    const payload = Buffer.from(bytes.subarray(frameHeaderBytes, end));
    return { kind: "frame", frame: { type, id, payload } };
  }
}

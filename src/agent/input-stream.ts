import { Writable } from "node:stream";
import { maximumDataBytes, windowBytes } from "./protocol.ts";
import { brokenProtocol } from "./wire.ts";

/** Sends a piece of input, or its end when there are no bytes. */
type Send = (offset: bigint, bytes: Buffer | undefined) => void;

/** Input of a process: takes no more than the guest has room for. */
export class InputStream extends Writable {
  readonly #send: Send;
  #sent: bigint;
  #limit: bigint;
  #acknowledged: bigint;
  #left: Buffer = Buffer.alloc(0);
  #done: (() => void) | undefined;

  constructor(start: bigint, send: Send) {
    super({ highWaterMark: maximumDataBytes, decodeStrings: true });
    this.#send = send;
    this.#sent = start;
    this.#acknowledged = 0n;
    this.#limit = start + BigInt(windowBytes);
  }

  /** Takes an ACK frame. */
  acknowledge(consumed: bigint, window: number): void {
    if (consumed > this.#sent || consumed < this.#acknowledged || window > windowBytes)
      throw brokenProtocol(`an acknowledgement of ${consumed} bytes where ${this.#sent} were sent`);
    this.#acknowledged = consumed;
    const limit = consumed + BigInt(window);
    if (limit > this.#limit) this.#limit = limit;
    this.#pump();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#left = chunk;
    this.#done = done;
    this.#pump();
  }

  override _final(done: () => void): void {
    this.#send(this.#sent, undefined);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#done = undefined;
    done(error);
  }

  #pump(): void {
    while (this.#left.length > 0 && this.#sent < this.#limit && !this.destroyed) {
      const room = Number(this.#limit - this.#sent);
      const piece = this.#left.subarray(0, Math.min(maximumDataBytes, room));
      this.#left = this.#left.subarray(piece.length);
      this.#send(this.#sent, piece);
      this.#sent += BigInt(piece.length);
    }
    if (this.#left.length > 0) return;
    const done = this.#done;
    this.#done = undefined;
    done?.();
  }
}

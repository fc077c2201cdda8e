import { maximumDataBytes, windowBytes } from "../../../src/agent/protocol.ts";

/** How a stream sends: a piece at its offset, or without bytes its end. */
type Send = (offset: bigint, bytes: Buffer | undefined) => void;

/** Output of a guest's process: kept until the host has acknowledged it, as guest/stream.c does. */
export class GuestOutput {
  #kept: Buffer = Buffer.alloc(0);
  /** Offset of the first byte that is kept: all before was acknowledged. */
  #start = 0n;
  #sent = 0n;
  #limit = BigInt(windowBytes);
  #ended = false;
  #endSent = false;
  #waiting: (() => void)[] = [];

  get start(): bigint {
    return this.#start;
  }

  /** Returns when there is room for more: who writes is held up by a host that doesn't read. */
  async write(bytes: Buffer): Promise<void> {
    if (this.#ended) return;
    this.#kept = Buffer.concat([this.#kept, bytes]);
    while (this.#kept.length >= windowBytes)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  end(): void {
    this.#ended = true;
  }

  /** Another host: all that was never acknowledged is sent again. */
  rewind(): void {
    this.#sent = this.#start;
    this.#limit = this.#start + BigInt(windowBytes);
    this.#endSent = false;
  }

  pump(send: Send): void {
    const length = this.#start + BigInt(this.#kept.length);
    while (this.#sent < length && this.#sent < this.#limit) {
      const from = Number(this.#sent - this.#start);
      const room = Math.min(maximumDataBytes, Number(this.#limit - this.#sent));
      const piece = this.#kept.subarray(from, from + room);
      send(this.#sent, piece);
      this.#sent += BigInt(piece.length);
    }
    if (!this.#ended || this.#endSent || this.#sent < length) return;
    this.#endSent = true;
    send(length, undefined);
  }

  acknowledge(consumed: bigint, window: number): void {
    if (consumed < this.#start || consumed > this.#sent) return; // of an earlier conversation
    this.#kept = Buffer.from(this.#kept.subarray(Number(consumed - this.#start)));
    this.#start = consumed;
    const limit = consumed + BigInt(window);
    if (limit > this.#limit) this.#limit = limit;
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** Input of a guest's process; what it has read is acknowledged. */
export class GuestInput implements AsyncIterable<Buffer> {
  readonly #acknowledge: (consumed: bigint) => void;
  #waiting: Buffer[] = [];
  #received = 0n;
  #consumed = 0n;
  #ended = false;
  #wake: () => void = () => {};

  constructor(acknowledge: (consumed: bigint) => void) {
    this.#acknowledge = acknowledge;
  }

  get received(): bigint {
    return this.#received;
  }

  take(offset: bigint, bytes: Buffer): void {
    if (offset !== this.#received || this.#ended) return;
    this.#received += BigInt(bytes.length);
    this.#waiting.push(bytes);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      const next = this.#waiting.shift();
      if (next !== undefined) {
        this.#consumed += BigInt(next.length);
        this.#acknowledge(this.#consumed);
        yield next;
      } else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

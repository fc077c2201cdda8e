import { windowBytes } from "./protocol.ts";
import { brokenProtocol } from "./wire.ts";

/** Tells the guest how far its output is consumed, so that it may forget and go on. */
export type Acknowledge = (consumed: bigint) => void;

/** Acknowledged at the latest when so much is consumed, and whenever nothing waits. */
const acknowledgeBytes = windowBytes / 4;

/**
 * Output of a process, for one reader. A chunk counts as consumed when the next one is asked for:
 * what a reader that crashes held in its hands is sent again to the next host.
 */
export class OutputStream implements AsyncIterableIterator<Uint8Array, undefined> {
  /** Offset of the first byte that will be given. */
  readonly start: bigint;
  readonly #acknowledge: Acknowledge;
  readonly #waiting: Buffer[] = [];
  #received: bigint;
  #consumed: bigint;
  #acknowledged: bigint;
  #inHand = 0;
  /** Bytes at the end of what was consumed that the reader could still lose; not acknowledged yet. */
  #held = 0;
  #ended = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(start: bigint, acknowledge: Acknowledge) {
    this.start = start;
    this.#received = this.#consumed = this.#acknowledged = start;
    this.#acknowledge = acknowledge;
  }

  /** Whether all of it was read to the end. */
  get isDone(): boolean {
    return this.#ended && this.#waiting.length === 0 && this.#inHand === 0;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#consume();
    for (;;) {
      const chunk = this.#waiting.shift();
      if (chunk !== undefined) {
        this.#inHand = chunk.length;
        return { value: chunk, done: false };
      }
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return { value: undefined, done: true };
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Of what was read so far, the last `bytes` are not safe yet; fewer than half a window. */
  hold(bytes: number): void {
    this.#held = bytes;
  }

  /** Reads to the end what nobody wants, so that the process isn't held up. */
  discard(): void {
    void (async () => {
      try {
        for await (const _chunk of this);
      } catch {
        // the machine has gone: there's no more to discard
      }
    })();
  }

  /** Takes a DATA frame, and its bytes, too. */
  receive(offset: bigint, bytes: Buffer): void {
    const next = this.#received + BigInt(bytes.length);
    if (offset !== this.#received || this.#ended || next > this.#acknowledged + BigInt(windowBytes))
      throw brokenProtocol(
        `${bytes.length} bytes at ${offset} of an output that stands at ${this.#received}`,
      );
    this.#received = next;
    // a small piece must not keep all that came with it
    const isMost = 4 * bytes.length >= bytes.buffer.byteLength;
    this.#waiting.push(isMost ? bytes : Buffer.from(bytes));
    this.#wakeUp();
  }

  /** Takes an END frame. */
  end(length: bigint): void {
    if (length !== this.#received)
      throw brokenProtocol(`the end of an output at ${length} that stands at ${this.#received}`);
    this.#ended = true;
    this.#wakeUp();
  }

  /** The channel has gone: what was received can still be read. */
  fail(error: Error): void {
    if (!this.#ended) this.#error ??= error;
    this.#wakeUp();
  }

  #consume(): void {
    this.#consumed += BigInt(this.#inHand);
    this.#inHand = 0;
    const safe = this.#consumed - BigInt(this.#held);
    const news = safe - this.#acknowledged;
    if (news <= 0n || (news < acknowledgeBytes && this.#waiting.length > 0)) return;
    this.#acknowledged = safe;
    this.#acknowledge(safe);
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

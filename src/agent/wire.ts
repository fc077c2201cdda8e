import { DvmError } from "../base/errors.ts";

/** Builds a message field by field; numbers are little endian, see guest/protocol.h. */
export class MessageWriter {
  readonly #parts: Buffer[] = [];

  u8(value: number): this {
    return this.#add(1, (part) => part.writeUInt8(value));
  }

  u32(value: number): this {
    return this.#add(4, (part) => part.writeUInt32LE(value));
  }

  u64(value: bigint | number): this {
    return this.#add(8, (part) => part.writeBigUInt64LE(BigInt(value)));
  }

  flag(value: boolean): this {
    return this.u8(value ? 1 : 0);
  }

  bytes(value: Uint8Array): this {
    this.u32(value.length);
    this.#parts.push(Buffer.from(value));
    return this;
  }

  /** UTF-8. A NUL can't be sent: C strings end there. */
  text(value: string): this {
    if (value.includes("\0")) {
      throw new DvmError("invalid", `cannot send ${JSON.stringify(value)}: it holds a NUL`);
    }
    return this.bytes(Buffer.from(value, "utf8"));
  }

  /** Bytes that are kept one to a character, as names of files are. */
  latin1(value: string): this {
    return this.bytes(Buffer.from(value, "latin1"));
  }

  texts(values: readonly string[]): this {
    return this.list(values, (value) => this.text(value));
  }

  list<T>(values: readonly T[], each: (value: T) => void): this {
    this.u32(values.length);
    for (const value of values) each(value);
    return this;
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #add(length: number, write: (part: Buffer) => void): this {
    const part = Buffer.alloc(length);
    write(part);
    this.#parts.push(part);
    return this;
  }
}

/** Reads what a guest sent. Every read is checked; a message that breaks the rules throws. */
export class MessageReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  u8(): number {
    return this.#take(1).readUInt8();
  }

  u16(): number {
    return this.#take(2).readUInt16LE();
  }

  u32(): number {
    return this.#take(4).readUInt32LE();
  }

  u64(): bigint {
    return this.#take(8).readBigUInt64LE();
  }

  /** A u64 that must be exact as a number. */
  size(): number {
    const value = Number(this.u64());
    if (!Number.isSafeInteger(value)) throw brokenProtocol(`the number ${value}`);
    return value;
  }

  text(): string {
    return this.#take(this.u32()).toString("utf8");
  }

  bytes(): Buffer {
    return this.#take(this.u32());
  }

  /** The name of a file: its bytes, one to a character. */
  latin1(): string {
    const value = this.bytes().toString("latin1");
    if (value.includes("\0")) throw brokenProtocol("a name that holds a NUL");
    return value;
  }

  list<T>(maximum: number, each: () => T): T[] {
    const count = this.u32();
    if (count > maximum) throw brokenProtocol(`a list of ${count} items`);
    return Array.from({ length: count }, each);
  }

  rest(): Buffer {
    return this.#take(this.#bytes.length - this.#at);
  }

  /** Nothing may follow. */
  end(): void {
    const left = this.#bytes.length - this.#at;
    if (left > 0) throw brokenProtocol(`${left} bytes too many in a message`);
  }

  #take(length: number): Buffer {
    if (length > this.#bytes.length - this.#at)
      throw brokenProtocol("a message that ends too early");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

export function brokenProtocol(fact: string): DvmError {
  return new DvmError("damaged", `cannot go on with the machine: its agent sent ${fact}`);
}

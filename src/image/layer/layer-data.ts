import type { FileHandle } from "node:fs/promises";
import { BlockPacker } from "../erofs/block-packer.ts";
import { blockBytes, inodeSlotBytes } from "../erofs/erofs-format.ts";

const writeBytes = 1 << 20;

/**
 * Writes the `data` of a layer, blocks of 4096 bytes: contents, each from the start of a block, and
 * between them blocks of inodes, each with its content beside it. Memory is bounded by the write
 * buffer and the few blocks of inodes that have room left.
 */
export class LayerData {
  readonly #file: FileHandle;
  readonly #buffer = Buffer.allocUnsafe(writeBytes);
  readonly #packer = new BlockPacker();
  /** Blocks of inodes that have room left, by their number among such blocks. */
  readonly #open = new Map<number, { page: number; bytes: Buffer }>();
  #filled = 0;
  #written = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Gives the number of the first block of a content. */
  async addContent(pieces: AsyncIterable<Buffer>): Promise<number> {
    const start = this.#position();
    for await (const piece of pieces) await this.#put(piece);
    await this.#pad();
    return start / blockBytes;
  }

  /** Gives where an inode and what stands beside it, a block at most in all, lies: in units of 32 bytes. */
  async addInode(unit: Buffer): Promise<number> {
    const { block, offset, closed } = this.#packer.add(unit.length);
    for (const one of closed) await this.#close(one);
    const open = this.#open.get(block) ?? (await this.#begin(block));
    unit.copy(open.bytes, offset);
    return (open.page * blockBytes + offset) / inodeSlotBytes;
  }

  async end(): Promise<void> {
    for (const block of this.#open.keys()) await this.#close(block);
    await this.#flush();
  }

  async #begin(block: number): Promise<{ page: number; bytes: Buffer }> {
    const open = { page: this.#position() / blockBytes, bytes: Buffer.alloc(blockBytes) };
    this.#open.set(block, open);
    await this.#put(open.bytes);
    return open;
  }

  /** Puts a block of inodes over the zeros that kept its place. */
  async #close(block: number): Promise<void> {
    const open = this.#open.get(block);
    if (open === undefined) return;
    this.#open.delete(block);
    const at = open.page * blockBytes;
    if (at >= this.#written) open.bytes.copy(this.#buffer, at - this.#written);
    else await writeWhole(this.#file, open.bytes, at);
  }

  #position(): number {
    return this.#written + this.#filled;
  }

  async #pad(): Promise<void> {
    const over = this.#position() % blockBytes;
    if (over !== 0) await this.#put(Buffer.alloc(blockBytes - over));
  }

  async #put(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const copied = bytes.copy(this.#buffer, this.#filled, at);
      at += copied;
      this.#filled += copied;
      if (this.#filled === writeBytes) await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    await writeWhole(this.#file, this.#buffer.subarray(0, this.#filled), this.#written);
    this.#written += this.#filled;
    this.#filled = 0;
  }
}

async function writeWhole(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}

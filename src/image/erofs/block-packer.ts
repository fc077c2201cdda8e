import { blockBytes, inodeSlotBytes } from "./erofs-format.ts";

const openBlocks = 8;

interface PackedUnit {
  /** The block's number, from 0 in the order in which blocks were begun. */
  block: number;
  /** Where the unit begins in it, in bytes. */
  offset: number;
  /** Blocks that take nothing more. */
  closed: number[];
}

/** Packs inodes with what stands beside them into blocks, first fit among the last few that have room. */
export class BlockPacker {
  #begun = 0;
  #open: { block: number; used: number }[] = [];

  get blocks(): number {
    return this.#begun;
  }

  /** `unitBytes` may be a block's at most. */
  add(unitBytes: number): PackedUnit {
    const need = Math.ceil(unitBytes / inodeSlotBytes) * inodeSlotBytes;
    const closed: number[] = [];
    let open = this.#open.find(({ used }) => used + need <= blockBytes);
    if (open === undefined) {
      open = { block: this.#begun, used: 0 };
      this.#begun += 1;
      this.#open.push(open);
      if (this.#open.length > openBlocks) {
        const oldest = this.#open.shift();
        if (oldest !== undefined) closed.push(oldest.block);
      }
    }
    const offset = open.used;
    open.used += need;
    return { block: open.block, offset, closed };
  }
}

/** An instruction of classic BPF (linux/filter.h, `struct sock_filter`). */
interface Instruction {
  code: number;
  yes: number;
  no: number;
  operand: number;
}

/** Where an instruction is, counted from the program's end. */
export type Label = number;

const load = 0x20;
const and = 0x54;
const giveBack = 0x06;
const jump = 0x05;
/** By what the accumulator is compared with a constant. */
const comparisons = { equal: 0x15, above: 0x25, atLeast: 0x35 } as const;
/** A conditional jump reaches no further. */
const farthest = 255;
/** The kernel takes no longer ones (`BPF_MAXINSNS`). */
const maximumInstructions = 4096;

/**
 * Builds a program from its end to its beginning, as jumps lead forwards only: what is jumped to is
 * there already.
 */
export class Assembler {
  readonly #reversed: Instruction[] = [];
  readonly #returns = new Map<number, Label>();

  /** Gives `value` back. One that is near serves again. */
  giveBack(value: number): Label {
    const known = this.#returns.get(value);
    if (known !== undefined && this.#reversed.length - known < farthest / 2) return known;
    const label = this.#add(giveBack, value);
    this.#returns.set(value, label);
    return label;
  }

  /** Loads the 32 bits at `offset` of the data; goes on at `then`. */
  load(offset: number, then: Label): Label {
    this.#reach(then);
    return this.#add(load, offset);
  }

  and(mask: number, then: Label): Label {
    this.#reach(then);
    return this.#add(and, mask);
  }

  compare(by: keyof typeof comparisons, operand: number, yes: Label, no: Label): Label {
    // a jump that is put between for one makes the other's way longer
    const nearYes = this.#near(yes, 1);
    const nearNo = this.#near(no, 0);
    const at = this.#reversed.length;
    this.#reversed.push({
      code: comparisons[by],
      yes: at - nearYes - 1,
      no: at - nearNo - 1,
      operand,
    });
    return at;
  }

  /** The program, which begins with what was added last. Undefined: it is too long for a kernel. */
  finish(): Uint8Array | undefined {
    const count = this.#reversed.length;
    if (count > maximumInstructions) return undefined;
    const bytes = Buffer.alloc(count * 8);
    this.#reversed.toReversed().forEach(({ code, yes, no, operand }, index) => {
      bytes.writeUInt16LE(code, index * 8);
      bytes.writeUInt8(yes, index * 8 + 2);
      bytes.writeUInt8(no, index * 8 + 3);
      bytes.writeUInt32LE(operand >>> 0, index * 8 + 4);
    });
    return bytes;
  }

  /** A label for `target` that a conditional jump reaches, with `room` more instructions between. */
  #near(target: Label, room: number): Label {
    const distance = this.#reversed.length + room - target - 1;
    return distance <= farthest ? target : this.#jump(target);
  }

  /** What is added next is followed by `target`. */
  #reach(target: Label): void {
    if (this.#reversed.length - 1 !== target) this.#jump(target);
  }

  #jump(target: Label): Label {
    return this.#add(jump, this.#reversed.length - target - 1);
  }

  #add(code: number, operand: number): Label {
    this.#reversed.push({ code, yes: 0, no: 0, operand });
    return this.#reversed.length - 1;
  }
}

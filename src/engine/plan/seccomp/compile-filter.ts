import { DvmError } from "../../../base/errors.ts";
import { Assembler, type Label } from "./assembler.ts";
import { compileConditions, type Alternative } from "./compile-conditions.ts";
import { rulesByNumber } from "./rules-by-number.ts";
import type { Rules, Verdict } from "./rules.ts";
import { verdicts } from "./rules.ts";
import { type Architecture, x32Bit } from "./system-call-numbers.ts";

/** What is done with a range of numbers that ends where the next one begins. */
interface Range {
  first: number;
  /** One after the other is tried; the last one has no conditions. */
  alternatives: readonly Alternative[];
}

/** Offsets in the data that a filter judges (linux/seccomp.h, `struct seccomp_data`). */
const numberOffset = 0;
const architectureOffset = 4;
/** linux/audit.h, `AUDIT_ARCH_*` */
const x86_64 = 0xc000_003e;
const x86 = 0x4000_0003;
/** A tracer puts it in a call's place to have it left out. */
const noCall = 0xffff_ffff;

/**
 * Rules as a program of classic BPF for seccomp(2): a search in ranges of numbers for each
 * architecture, so that the kernel can tell at once, by running it without arguments, which calls it
 * need not ask about again. What calls by an architecture that isn't listed is killed, as by
 * libseccomp. Pure.
 */
export function compileFilter(rules: Rules): Uint8Array {
  const code = new Assembler();
  const unknown = verdicts.killThread;
  const x86Part = rules.architectures.includes("x86")
    ? code.load(numberOffset, search(code, rules, "x86"))
    : code.giveBack(unknown);
  const part64 = compile64(code, rules);
  const is86 = code.compare("equal", x86, x86Part, code.giveBack(unknown));
  code.load(architectureOffset, code.compare("equal", x86_64, part64, is86));
  const program = code.finish();
  if (program === undefined)
    throw new DvmError("invalid", "cannot use the seccomp profile: its filter is too long");
  return program;
}

function compile64(code: Assembler, rules: Rules): Label {
  const own = rules.architectures.includes("x86_64")
    ? search(code, rules, "x86_64")
    : code.giveBack(verdicts.killThread);
  const x32 = rules.architectures.includes("x32")
    ? search(code, rules, "x32")
    : code.giveBack(verdicts.killThread);
  const isNone = code.compare("equal", noCall, own, x32);
  return code.load(numberOffset, code.compare("atLeast", x32Bit, isNone, own));
}

/** The accumulator holds the number. */
function search(code: Assembler, rules: Rules, architecture: Architecture): Label {
  const ranges = rangesOf(rules, architecture);
  const halve = (from: number, to: number): Label => {
    const [only] = ranges.slice(from, to);
    if (to - from === 1 && only !== undefined)
      return compileConditions(code, only.alternatives, architecture);
    const middle = (from + to) >> 1;
    const below = halve(from, middle);
    const above = halve(middle, to);
    return code.compare("atLeast", ranges[middle]?.first ?? 0, above, below);
  };
  return halve(0, ranges.length);
}

function rangesOf(rules: Rules, architecture: Architecture): Range[] {
  const { byNumber, last, afterLast } = rulesByNumber(rules, architecture);
  const otherwise = only(rules.otherwise);
  const ranges: Range[] = [];
  let next = architecture === "x32" ? x32Bit : 0;
  const add = (first: number, alternatives: readonly Alternative[]): void => {
    if (!isSame(ranges.at(-1)?.alternatives, alternatives)) ranges.push({ first, alternatives });
  };
  for (const [number, alternatives] of [...byNumber].sort(([a], [b]) => a - b)) {
    if (number > next) add(next, otherwise);
    add(number, alternatives);
    next = number + 1;
  }
  if (last >= next) add(next, otherwise);
  add(Math.max(next, last + 1), only(afterLast));
  return ranges;
}

function only(verdict: Verdict): Alternative[] {
  return [{ conditions: [], verdict }];
}

function isSame(a: readonly Alternative[] | undefined, b: readonly Alternative[]): boolean {
  const [first, ...more] = a ?? [];
  const [other, ...others] = b;
  if (more.length > 0 || others.length > 0) return false;
  const conditions = (first?.conditions.length ?? 1) + (other?.conditions.length ?? 1);
  return conditions === 0 && first?.verdict === other?.verdict;
}

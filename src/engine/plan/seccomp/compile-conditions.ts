import type { Assembler, Label } from "./assembler.ts";
import type { Condition, Verdict } from "./rules.ts";
import type { Architecture } from "./system-call-numbers.ts";

export interface Alternative {
  conditions: readonly Condition[];
  verdict: Verdict;
}

interface Ways {
  yes: Label;
  no: Label;
}

const argumentsOffset = 16;
const wholeWord = 0xffff_ffff;

/** Tries alternatives one after the other, of which the last one has no conditions. */
export function compileConditions(
  code: Assembler,
  alternatives: readonly Alternative[],
  architecture: Architecture,
): Label {
  let next = code.giveBack(alternatives.at(-1)?.verdict ?? 0);
  for (const { conditions, verdict } of alternatives.slice(0, -1).toReversed()) {
    let yes = code.giveBack(verdict);
    for (const condition of conditions.toReversed())
      yes =
        architecture === "x86_64"
          ? compareWhole(code, condition, { yes, no: next })
          : compareLow(code, condition, { yes, no: next });
    next = yes;
  }
  return next;
}

/** Of what has pointers of 32 bits the upper half says nothing. */
function compareLow(code: Assembler, condition: Condition, ways: Ways): Label {
  const { argument, operator, value, masked } = condition;
  const offset = argumentsOffset + argument * 8;
  if (operator === "MASKED_EQ")
    return compareMasked(code, { offset, mask: low(value), rest: low(masked) }, ways);
  if (operator === "MASKED_NE")
    return compareMasked(code, { offset, mask: low(value), rest: low(masked) }, swapped(ways));
  const { by, yes, no } = plainComparison(operator, ways);
  return code.load(offset, code.compare(by, low(value), yes, no));
}

function compareWhole(code: Assembler, condition: Condition, ways: Ways): Label {
  const { operator, value, masked, argument } = condition;
  const offset = argumentsOffset + argument * 8;
  if (operator === "MASKED_NE")
    return compareWhole(code, { ...condition, operator: "MASKED_EQ" }, swapped(ways));
  if (operator === "MASKED_EQ") {
    const lower = compareMasked(code, { offset, mask: low(value), rest: low(masked) }, ways);
    const upper = { offset: offset + 4, mask: high(value), rest: high(masked) };
    return compareMasked(code, upper, { yes: lower, no: ways.no });
  }
  const { by, yes, no } = plainComparison(operator, ways);
  const lower = code.load(offset, code.compare(by, low(value), yes, no));
  const isEqual = code.compare("equal", high(value), lower, no);
  const upper = by === "equal" ? isEqual : code.compare("above", high(value), yes, isEqual);
  return code.load(offset + 4, upper);
}

function compareMasked(
  code: Assembler,
  { offset, mask, rest }: { offset: number; mask: number; rest: number },
  { yes, no }: Ways,
): Label {
  if (mask === 0 && rest === 0) return yes;
  const equal = code.compare("equal", rest, yes, no);
  return code.load(offset, mask === wholeWord ? equal : code.and(mask, equal));
}

/** What classic BPF can't ask, it is asked the other way round. */
function plainComparison(
  operator: Exclude<Condition["operator"], "MASKED_EQ" | "MASKED_NE">,
  ways: Ways,
) {
  const other = swapped(ways);
  switch (operator) {
    case "EQ":
      return { by: "equal", ...ways } as const;
    case "NE":
      return { by: "equal", ...other } as const;
    case "GT":
      return { by: "above", ...ways } as const;
    case "LE":
      return { by: "above", ...other } as const;
    case "GE":
      return { by: "atLeast", ...ways } as const;
    case "LT":
      return { by: "atLeast", ...other } as const;
  }
}

function swapped({ yes, no }: Ways): Ways {
  return { yes: no, no: yes };
}

function low(value: bigint): number {
  return Number(value & 0xffff_ffffn);
}

function high(value: bigint): number {
  return Number((value >> 32n) & 0xffff_ffffn);
}

import type { Alternative } from "./compile-conditions.ts";
import {
  notImplemented,
  type Rule,
  type Rules,
  type Verdict,
  verdicts,
  verdictMask,
} from "./rules.ts";
import { type Architecture, systemCallNumbers, x32Bit } from "./system-call-numbers.ts";

interface RulesByNumber {
  /** The last alternative of each has no conditions. */
  byNumber: Map<number, Alternative[]>;
  /** The highest number that is named. */
  last: number;
  /** Of numbers beyond it. */
  afterLast: Verdict;
}

/** Rules of one architecture. A name that it doesn't have is nothing to it, as with runc. */
export function rulesByNumber(rules: Rules, architecture: Architecture): RulesByNumber {
  const numbers = systemCallNumbers[architecture];
  const always = new Map<number, Verdict>();
  const sometimes = new Map<number, Alternative[]>();
  let last = architecture === "x32" ? x32Bit : 0;
  for (const { names, verdict, conditions } of rules.rules)
    for (const name of names) {
      const number = numbers.get(name);
      if (number === undefined) continue;
      last = Math.max(last, number);
      // libseccomp takes no rule that says what holds anyway
      if (verdict === rules.otherwise) continue;
      if (conditions.length > 0) addTo(sometimes, number, { verdict, conditions });
      else if (!always.has(number)) always.set(number, verdict);
    }
  const byNumber = new Map<number, Alternative[]>();
  for (const [number, alternatives] of sometimes)
    byNumber.set(number, [...alternatives, { conditions: [], verdict: rules.otherwise }]);
  for (const [number, verdict] of always) byNumber.set(number, [{ conditions: [], verdict }]);
  for (const { names, ...guard } of (rules.guards ?? []).toReversed())
    for (const number of names.flatMap((name) => numbers.get(name) ?? []))
      byNumber.set(number, [
        guard,
        ...(byNumber.get(number) ?? [{ conditions: [], verdict: rules.otherwise }]),
      ]);
  return { byNumber, last, afterLast: afterLast(rules) };

  function addTo(map: Map<number, Alternative[]>, number: number, one: Alternative): void {
    map.set(number, [...(map.get(number) ?? []), ...separate(one)]);
  }
}

/** Conditions of which several are about one argument hold one by one, as with runc. */
function separate({ verdict, conditions }: Pick<Rule, "verdict" | "conditions">): Alternative[] {
  const isRepeated = new Set(conditions.map(({ argument }) => argument)).size < conditions.length;
  return isRepeated
    ? conditions.map((condition) => ({ verdict, conditions: [condition] }))
    : [{ verdict, conditions }];
}

/**
 * A call that is newer than the profile isn't there, to a program that asks for it: else C libraries
 * would not fall back to an older one. By runc's rule.
 */
function afterLast({ otherwise }: Rules): Verdict {
  const kind = (otherwise & verdictMask) >>> 0;
  if (kind === verdicts.allow || kind === verdicts.log || kind === verdicts.trace) return otherwise;
  return verdicts.errno | notImplemented;
}

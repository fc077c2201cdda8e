import type { TrustRule } from "./policy.ts";

/** `requires a signature by one of 2 keys and a digest for registry.example/app` */
export function requirementOf(rule: TrustRule, whom: string): string {
  if (rule.reject) return `rejects ${whom}`;
  const parts: string[] = [];
  if (rule.requireSignature !== undefined)
    parts.push(`a signature by ${keyCount(rule.requireSignature.keys.length)}`);
  if (rule.requireDigest) parts.push("a digest");
  return `requires ${parts.length === 0 ? "nothing" : parts.join(" and ")} for ${whom}`;
}

function keyCount(count: number): string {
  return count === 1 ? "its key" : `one of ${count} keys`;
}

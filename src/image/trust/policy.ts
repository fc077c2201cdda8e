import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { DvmError, ignore, systemErrorCode } from "../../base/errors.ts";
import { parseScope, scopesOf } from "./policy-scope.ts";
import { readTrustedKey, type TrustedKey } from "./trusted-key.ts";

/** What must be so before an image is pulled, or a container is made of it. */
export interface TrustRule {
  reject: boolean;
  requireDigest: boolean;
  requireSignature: SignatureRule | undefined;
}

export interface SignatureRule {
  /** A signature by one of them is enough. */
  keys: TrustedKey[];
  /** Scopes of repositories that a signature may name; undefined: the one that is pulled. */
  signedFor: string[] | undefined;
}

export interface TrustPolicy {
  path: string;
  /** Of repositories that no other rule holds. */
  default: TrustRule;
  /** Of images that came from no registry; undefined: the default. */
  local: TrustRule | undefined;
  /** By scope, as `parseScope` gives it. */
  rules: Map<string, TrustRule>;
}

/** A rule, and the name under which messages speak of it. */
export interface FoundRule extends TrustRule {
  scope: string;
}

/** Where a policy may lie: the first file that is there counts. */
export interface PolicyPlace {
  paths: readonly string[];
  /** It was asked for by name, so its lack is an error. */
  mustExist: boolean;
}

const maximumPolicyBytes = 1 << 20;
const maximumRules = 1000;
const maximumKeys = 64;

const ruleSchema = z
  .strictObject({
    reject: z.boolean().default(false),
    requireDigest: z.boolean().default(false),
    requireSignature: z
      .strictObject({
        keys: z.array(z.string().min(1)).min(1).max(maximumKeys),
        signedFor: z.array(z.string()).min(1).optional(),
      })
      .optional(),
  })
  .refine((rule) => !rule.reject || (!rule.requireDigest && rule.requireSignature === undefined), {
    message: "what is rejected can't be required anything of",
  });
const policySchema = z.strictObject({
  default: ruleSchema,
  local: ruleSchema.optional(),
  rules: z.record(z.string(), ruleSchema).default({}),
});

/**
 * The policy in force, with its keys; undefined when there is none. One that can't be read, or isn't
 * valid, is an error (`forbidden`), so that nothing goes on without it.
 */
export async function readTrustPolicy(place: PolicyPlace): Promise<TrustPolicy | undefined> {
  for (const path of place.paths) {
    const text = await readPolicyText(path, place.mustExist);
    if (text !== undefined) return parseTrustPolicy(text, path);
  }
  return undefined;
}

export async function parseTrustPolicy(text: string, path: string): Promise<TrustPolicy> {
  const parsed = policySchema.safeParse(parseJson(text, path));
  const issue = parsed.error?.issues[0];
  if (issue !== undefined) throw unusable(path, `${placeOf(issue.path)}: ${issue.message}`);
  const { default: byDefault, local, rules } = policySchema.parse(parsed.data);
  if (Object.keys(rules).length > maximumRules)
    throw unusable(path, `rules: there are more than ${maximumRules}`);
  const read = (rule: z.infer<typeof ruleSchema>, ...place: string[]) =>
    readRule(rule, { path, place });
  const byScope = new Map<string, TrustRule>();
  for (const [written, rule] of Object.entries(rules)) {
    const scope = at(path, ["rules", written], () => parseScope(written));
    if (byScope.has(scope))
      throw unusable(path, `${placeOf(["rules", written])}: it is there twice`);
    byScope.set(scope, await read(rule, "rules", written));
  }
  return {
    path,
    default: await read(byDefault, "default"),
    local: local === undefined ? undefined : await read(local, "local"),
    rules: byScope,
  };
}

/** The rule for a repository, by `policyName`. */
export function ruleFor(policy: TrustPolicy, repository: string): FoundRule {
  for (const scope of scopesOf(repository)) {
    const rule = policy.rules.get(scope);
    if (rule !== undefined) return { scope, ...rule };
  }
  return { scope: "default", ...policy.default };
}

/** The rule for images that came from no registry. */
export function localRule({ local, default: byDefault }: TrustPolicy): FoundRule {
  return local === undefined ? { scope: "default", ...byDefault } : { scope: "local", ...local };
}

interface Place {
  path: string;
  place: string[];
}

async function readRule(
  { reject, requireDigest, requireSignature }: z.infer<typeof ruleSchema>,
  { path, place }: Place,
): Promise<TrustRule> {
  if (requireSignature === undefined) return { reject, requireDigest, requireSignature: undefined };
  const signature = [...place, "requireSignature"];
  const keys: TrustedKey[] = [];
  for (const [index, key] of requireSignature.keys.entries())
    keys.push(
      await readTrustedKey(key, dirname(path)).catch((error: unknown) => {
        throw unusable(path, `${placeOf([...signature, "keys", index])}: ${messageOf(error)}`);
      }),
    );
  const signedFor = requireSignature.signedFor?.map((scope, index) =>
    at(path, [...signature, "signedFor", index], () => parseScope(scope)),
  );
  return { reject, requireDigest, requireSignature: { keys, signedFor } };
}

async function readPolicyText(path: string, mustExist: boolean): Promise<string | undefined> {
  try {
    const read = () => readFile(path, "utf8");
    const text = mustExist ? await read() : await ignore("ENOENT", read);
    if (text === undefined || text.length <= maximumPolicyBytes) return text;
  } catch (cause) {
    throw unusable(path, `it can't be read: ${systemErrorCode(cause) ?? "?"}`);
  }
  throw unusable(path, `it has more than ${maximumPolicyBytes} bytes`);
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unusable(path, `it is not JSON: ${messageOf(cause)}`);
  }
}

function at<T>(path: string, place: PropertyKey[], action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw unusable(path, `${placeOf(place)}: ${messageOf(error)}`);
  }
}

/** `rules["registry.example"].requireSignature.keys[0]` */
function placeOf(path: readonly PropertyKey[]): string {
  const text = path.map((part, index) => {
    if (typeof part === "number") return `[${part}]`;
    if (path[0] === "rules" && index === 1) return `[${JSON.stringify(String(part))}]`;
    return index === 0 ? String(part) : `.${String(part)}`;
  });
  return text.length === 0 ? "the file" : text.join("");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function unusable(path: string, fact: string): DvmError {
  return new DvmError("forbidden", `policy ${path} can't be used: ${fact}`, {
    hint: "until it can, no image is pulled and no container made; docs/trust.md says what may be in it",
  });
}

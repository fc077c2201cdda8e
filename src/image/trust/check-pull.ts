import { DvmError } from "../../base/errors.ts";
import type { StoredManifest } from "../store/image-database.ts";
import type { Reference } from "../reference.ts";
import { checkSignature, type Signature } from "./check-signature.ts";
import { findSignatures, type ArtifactSource } from "./find-signatures.ts";
import { rejectedHint } from "./judge-image.ts";
import {
  readTrustPolicy,
  ruleFor,
  type FoundRule,
  type PolicyPlace,
  type TrustPolicy,
} from "./policy.ts";
import { policyName } from "./policy-scope.ts";
import { requirementOf } from "./requirement.ts";
import type { TrustedKey } from "./trusted-key.ts";

/** What a policy has to say to one pull. */
export interface PullRule {
  policy: string;
  reference: Reference;
  rule: FoundRule;
}

/** What a signature was found to be worth. */
export interface TrustedPull {
  /** For the user. */
  line: string;
  /** To be kept with the image. */
  signatures: Signature[];
}

const mostProblems = 3;

/** The policy's rule for a pull; undefined without a policy. Throws `forbidden` as {@link rulePull} does. */
export async function pullRule(
  place: PolicyPlace,
  reference: Reference,
): Promise<PullRule | undefined> {
  const policy = await readTrustPolicy(place).catch((error: unknown) => {
    if (!(error instanceof DvmError)) throw error;
    throw new DvmError(error.code, `cannot pull ${reference.familiar}: ${error.message}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  });
  return policy && rulePull(policy, reference);
}

/** What can be said before the registry is asked; throws `forbidden`. */
export function rulePull(policy: TrustPolicy, reference: Reference): PullRule {
  const rule = ruleFor(policy, policyName(reference));
  const pull = { policy: policy.path, reference, rule };
  if (rule.reject) throw refused(pull, "", rejectedHint(rule));
  if (rule.requireDigest && reference.digest === undefined)
    throw refused(
      pull,
      ", and none is named",
      `name the image as ${reference.familiarName}@sha256:…`,
    );
  return pull;
}

/**
 * Looks for a signature of what the reference led to (`manifests`: from its first one down to the
 * image's own), before anything of the image is fetched. Throws `forbidden` when the rule asks for
 * one and none fits.
 */
export async function checkPull(
  pull: PullRule,
  manifests: readonly Pick<StoredManifest, "digest">[],
  source: ArtifactSource,
): Promise<TrustedPull> {
  const { rule, reference } = pull;
  const { requireSignature } = rule;
  if (requireSignature === undefined) return { line: describeUnsigned(pull), signatures: [] };
  // of an index either it or its image's manifest is signed, and cosign's --recursive signs both
  const digests = [...new Set([manifests.at(0), manifests.at(-1)].map((one) => one?.digest ?? ""))];
  const signed = { digests, repository: policyName(reference) };
  const problems: string[] = [];
  // one by each key, so that the image stays signed when the policy drops one of them
  const fitting = new Map<TrustedKey, Signature>();
  for (const digest of digests) {
    for await (const found of findSignatures(source, digest)) {
      const checked = "problem" in found ? found : checkSignature(found, requireSignature, signed);
      if ("problem" in checked) problems.push(checked.problem);
      else if (!("problem" in found)) fitting.set(checked.key, found);
    }
    if (fitting.size === 0) continue;
    return { line: describeSigned(pull, [...fitting.keys()]), signatures: [...fitting.values()] };
  }
  throw unsigned(pull, problems);
}

function unsigned(pull: PullRule, problems: readonly string[]): DvmError {
  const { familiarName } = pull.reference;
  if (problems.length === 0)
    return refused(
      pull,
      ", and none was found",
      `sign it: cosign sign --key KEY ${familiarName}@sha256:…; docs/trust.md says more`,
    );
  const kinds = [...new Set(problems)];
  const told = kinds.slice(0, mostProblems).join("; ") + (kinds.length > mostProblems ? "; …" : "");
  const which =
    problems.length === 1
      ? "the one that was found doesn't fit"
      : `none of the ${problems.length} that were found fits`;
  return refused(pull, `, and ${which}: ${told}`, "docs/trust.md says what a signature must be");
}

function describeSigned({ policy, reference, rule }: PullRule, keys: TrustedKey[]): string {
  const signers = keys.map(({ fingerprint, path }) =>
    path === undefined ? fingerprint : `${fingerprint} (${path})`,
  );
  return `Trust: signed by ${signers.join(" and ")}; policy ${policy} ${requirementOf(rule, reference.familiarName)}`;
}

function describeUnsigned({ policy, reference, rule }: PullRule): string {
  return `Trust: policy ${policy} ${requirementOf(rule, reference.familiarName)}`;
}

function refused({ policy, reference, rule }: PullRule, fact: string, hint: string): DvmError {
  return new DvmError(
    "forbidden",
    `cannot pull ${reference.familiar}: policy ${policy} ${requirementOf(rule, reference.familiarName)}${fact}`,
    { hint },
  );
}

import type { ImageDatabase, Origin } from "../store/image-database.ts";
import { isNamed, referenceOf } from "../store/image-names.ts";
import type { Image } from "../store/image-types.ts";
import { checkSignature } from "./check-signature.ts";
import { coveringDigests } from "./covering-digests.ts";
import { localRule, ruleFor, type FoundRule, type TrustPolicy } from "./policy.ts";
import { policyNameOf } from "./policy-scope.ts";
import { requirementOf } from "./requirement.ts";
import type { TrustedKey } from "./trusted-key.ts";

/** Whether one rule is met, for images of one repository. */
export interface RuleVerdict {
  /** As docker users write it; undefined: the image came from no registry. */
  repository: string | undefined;
  rule: FoundRule;
  /** By which keys of the rule the image is signed there. */
  signedBy: TrustedKey[];
  /** What is not as the rule wants it; undefined when it is met. */
  problem: { fact: string; hint: string } | undefined;
}

export interface TrustVerdict {
  policy: string;
  /** Of the name that was asked for; undefined when it was asked for by id. */
  byName: RuleVerdict | undefined;
  /** Of where the image came from: one that is met is enough. */
  byOrigin: RuleVerdict[];
  /** The first that stands in the way; undefined when the image may be used. */
  refusal: RuleVerdict | undefined;
}

interface Question {
  image: Image;
  /** A name or an id of the image, as the user wrote it. */
  asked: string;
}

/**
 * What a policy says to a use of an image that is here, by what is kept of where it came from; no
 * registry is asked. A name that the image was given here must fit its rule, and as names are given
 * freely, the image must have come from somewhere that fits, too.
 */
export function judgeImage(
  database: ImageDatabase,
  policy: TrustPolicy,
  { image, asked }: Question,
): TrustVerdict {
  const name = nameAskedFor(image, asked);
  const pinned = name?.digest !== undefined || asked.replace(/^sha256:/, "") === image.id.slice(7);
  const judge = (repository: string, origins: Origin[]) =>
    judgeRepository({ database, policy, image, pinned, repository, origins });
  const origins = Map.groupBy(database.origins(image.id), ({ repository }) =>
    policyNameOf(repository),
  );
  const byOrigin = [...origins.values()].map((there) => judge(there[0]?.repository ?? "", there));
  if (byOrigin.length === 0) byOrigin.push(judgeLocal(policy, pinned));
  const sameName = ({ repository = "" }: RuleVerdict) =>
    name !== undefined &&
    repository !== "" &&
    policyNameOf(repository) === policyNameOf(name.familiarName);
  const byName =
    name === undefined ? undefined : (byOrigin.find(sameName) ?? judge(name.familiarName, []));
  const isFromGood = byOrigin.some(({ problem }) => problem === undefined);
  const refusal = byName?.problem === undefined ? (isFromGood ? undefined : byOrigin[0]) : byName;
  return { policy: policy.path, byName, byOrigin, refusal };
}

/** `ImageStore.find` takes names before ids. */
function nameAskedFor(image: Image, asked: string) {
  const reference = referenceOf(asked);
  return isNamed(image, reference) ? reference : undefined;
}

interface RepositoryQuestion {
  database: ImageDatabase;
  policy: TrustPolicy;
  image: Image;
  /** It was asked for by a digest, or by its whole id. */
  pinned: boolean;
  repository: string;
  origins: Origin[];
}

function judgeRepository(question: RepositoryQuestion): RuleVerdict {
  const { policy, pinned, repository, origins } = question;
  const rule = ruleFor(policy, policyNameOf(repository));
  const signedBy = signersOf(question, rule);
  const unsigned = rule.requireSignature !== undefined && signedBy.length === 0;
  const verdict = { repository, rule, signedBy };
  if (rule.reject) return { ...verdict, problem: { fact: "", hint: rejectedHint(rule) } };
  if (unsigned) return { ...verdict, problem: unsignedProblem(repository, origins.length > 0) };
  if (rule.requireDigest && !pinned) return { ...verdict, problem: unpinnedProblem(repository) };
  return { ...verdict, problem: undefined };
}

function judgeLocal(policy: TrustPolicy, pinned: boolean): RuleVerdict {
  const rule = localRule(policy);
  const met =
    !rule.reject && rule.requireSignature === undefined && (pinned || !rule.requireDigest);
  const hint =
    rule.requireDigest && rule.requireSignature === undefined
      ? "name it by its whole id"
      : `what was loaded, imported or made here has no signature: "local" of the policy is for it`;
  const problem = met ? undefined : { fact: "", hint };
  return { repository: undefined, rule, signedBy: [], problem };
}

/** Signatures that were kept, under the keys of now. */
function signersOf(
  { database, image, repository, origins }: RepositoryQuestion,
  { requireSignature }: FoundRule,
): TrustedKey[] {
  if (requireSignature === undefined || origins.length === 0) return [];
  const found = new Map<string, TrustedKey>();
  for (const origin of origins) {
    const signatures = database.signatures(image.id, origin);
    if (signatures.length === 0) continue;
    // the same index may have brought another platform's image since, whose it is then
    const index = database.manifest(origin.digest);
    const digests = coveringDigests(image.id, [
      ...database.manifests(image.id),
      ...(index === undefined ? [] : [index]),
    ]);
    const signed = { digests, repository: policyNameOf(repository) };
    for (const one of signatures) {
      const checked = checkSignature(one, requireSignature, signed);
      if ("key" in checked) found.set(checked.key.fingerprint, checked.key);
    }
  }
  return [...found.values()];
}

function unsignedProblem(repository: string, isFromThere: boolean) {
  return isFromThere
    ? {
        fact: ", and the image was pulled with none that fits",
        hint: `look for signatures again: dvm pull ${repository}`,
      }
    : {
        fact: ", and this image didn't come from there",
        hint: `a name that was given here shows nothing: dvm pull ${repository}`,
      };
}

function unpinnedProblem(repository: string) {
  return {
    fact: ", and none is named",
    hint: `name the image as ${repository}@sha256:…, or by its whole id`,
  };
}

export function rejectedHint({ scope }: FoundRule): string {
  return `the policy's rule is "${scope}"`;
}

/** `policy P requires a signature by one of 2 keys for R, and …` */
export function describeRefusal(
  policy: string,
  { repository, rule, problem }: RuleVerdict,
): string {
  const whom = repository ?? "images that came from no registry";
  return `policy ${policy} ${requirementOf(rule, whom)}${problem?.fact ?? ""}`;
}

import { z } from "zod";
import { tryParseJson } from "../../base/parse-json.ts";
import type { StoredSignature } from "../store/image-database.ts";
import { parseReference } from "../reference.ts";
import type { SignatureRule } from "./policy.ts";
import { policyName, scopesOf } from "./policy-scope.ts";
import { isSignedBy, type TrustedKey } from "./trusted-key.ts";

/**
 * A signature as cosign makes it. `simple-signing`: over a document that names digest and repository.
 * `dsse`: over an in-toto statement, which names the digest.
 */
export type Signature = StoredSignature;

export interface Signed {
  /** Each stands for the whole image: its manifest, and the index that led to it. */
  digests: readonly string[];
  /** By `policyName`. */
  repository: string;
}

export type CheckedSignature = { key: TrustedKey } | { problem: string };

/** What cosign writes there; atomic's own signatures have another one. */
const simpleSigningType = "cosign container image signature";
/** Others are attestations: they tell something of an image, and don't approve it. */
export const signPredicate = "https://sigstore.dev/cosign/sign/v1";
export const statementType = "application/vnd.in-toto+json";

const simpleSigningSchema = z.object({
  critical: z.object({
    identity: z.object({ "docker-reference": z.string() }),
    image: z.object({ "docker-manifest-digest": z.string() }),
    type: z.literal(simpleSigningType),
  }),
});
const statementSchema = z.object({
  _type: z.string().startsWith("https://in-toto.io/Statement/"),
  predicateType: z.literal(signPredicate),
  subject: z.array(z.object({ digest: z.record(z.string(), z.string()) })).max(64),
});

/** Whether a signature is by a key of the rule, and for what is asked; only then is its content read. */
export function checkSignature(
  { form, payload, signature }: Signature,
  rule: SignatureRule,
  signed: Signed,
): CheckedSignature {
  const data = form === "dsse" ? preAuthenticationEncoding(payload) : payload;
  const key = rule.keys.find((one) => isSignedBy(one, data, signature));
  if (key === undefined) return { problem: "it is by another key" };
  const document = tryParseJson(payload);
  const problem =
    form === "dsse"
      ? statementProblem(document, rule, signed)
      : simpleSigningProblem(document, rule, signed);
  return problem === undefined ? { key } : { problem };
}

function simpleSigningProblem(
  document: unknown,
  { signedFor }: SignatureRule,
  { digests, repository }: Signed,
): string | undefined {
  const critical = simpleSigningSchema.safeParse(document).data?.critical;
  if (critical === undefined) return "it is over no image signature of cosign's";
  const digest = critical.image["docker-manifest-digest"];
  if (!digests.includes(digest)) return `it is for another image (${shown(digest)})`;
  const named = critical.identity["docker-reference"];
  const name = repositoryNamed(named);
  const fits =
    name !== undefined &&
    (signedFor === undefined
      ? name === repository
      : [...scopesOf(name)].some((scope) => signedFor.includes(scope)));
  return fits ? undefined : `it is for another repository (${shown(named)})`;
}

/** A statement names no repository, so it can't show one that the rule wants to see named. */
function statementProblem(
  document: unknown,
  { signedFor }: SignatureRule,
  { digests }: Signed,
): string | undefined {
  const statement = statementSchema.safeParse(document).data;
  if (statement === undefined) return "it is over no image signature of cosign's";
  const subjects = statement.subject.map(({ digest }) => `sha256:${digest["sha256"] ?? ""}`);
  if (!subjects.some((digest) => digests.includes(digest)))
    return `it is for another image (${shown(subjects[0] ?? "none")})`;
  if (signedFor === undefined) return undefined;
  return "it names no repository, which signedFor asks for";
}

/** What a DSSE signature is over, by its specification (version 1). */
function preAuthenticationEncoding(payload: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(statementType)} ${statementType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

function repositoryNamed(text: string): string | undefined {
  try {
    return policyName(parseReference(text));
  } catch {
    return undefined;
  }
}

function shown(text: string): string {
  return text.replace(/[^\u0020-\u007e]/g, "?").slice(0, 200);
}

import { DvmError } from "../base/errors.ts";
import { describeRefusal, type ImageTrust, type RuleVerdict } from "../engine/images.ts";

/** `.Dvm.Trust` of an image: what the policy asks, whether it is met, and by which key. */
export function describeTrust(trust: ImageTrust) {
  if (trust === undefined) return { Policy: "", Allowed: true, Problem: "", Rules: [] };
  if (trust instanceof DvmError)
    return { Policy: "", Allowed: false, Problem: trust.message, Rules: [] };
  const { policy, byName, byOrigin, refusal } = trust;
  const rules =
    byName === undefined || byOrigin.includes(byName) ? byOrigin : [byName, ...byOrigin];
  return {
    Policy: policy,
    Allowed: refusal === undefined,
    Problem: refusal === undefined ? "" : describeRefusal(policy, refusal),
    Rules: rules.map(describeRule),
  };
}

function describeRule({ repository, rule, signedBy, problem }: RuleVerdict) {
  return {
    /** Empty: of images that came from no registry. */
    Repository: repository ?? "",
    Scope: rule.scope,
    Reject: rule.reject,
    RequireDigest: rule.requireDigest,
    RequireSignature: (rule.requireSignature?.keys ?? []).map(describeKey),
    Met: problem === undefined,
    SignedBy: signedBy.map(describeKey),
  };
}

function describeKey({ fingerprint, path }: RuleVerdict["signedBy"][number]) {
  return { Fingerprint: fingerprint, Path: path ?? "" };
}

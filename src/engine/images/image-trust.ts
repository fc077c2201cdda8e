import { DvmError } from "../../base/errors.ts";
import { describeRefusal, judgeImage, type TrustVerdict } from "../../image/trust/judge-image.ts";
import { readTrustPolicy } from "../../image/trust/policy.ts";
import type { Engine, Image } from "../core.ts";

export {
  describeRefusal,
  type RuleVerdict,
  type TrustVerdict,
} from "../../image/trust/judge-image.ts";

/** What is to be said of an image's trust; an error when the policy can't be used. */
export type ImageTrust = TrustVerdict | DvmError | undefined;

/** Throws `forbidden` unless the policy of this moment lets a container be made of the image. */
export async function requireTrust(engine: Engine, image: Image, asked: string): Promise<void> {
  const trust = await imageTrust(engine, image, asked);
  if (trust === undefined) return;
  if (trust instanceof DvmError) throw refused(asked, trust.message, trust.hint);
  const { policy, refusal } = trust;
  if (refusal !== undefined)
    throw refused(asked, describeRefusal(policy, refusal), refusal.problem?.hint);
}

/** What the policy of this moment says to an image that is asked for so; undefined without a policy. */
export async function imageTrust(
  { parts }: Engine,
  image: Image,
  asked: string,
): Promise<ImageTrust> {
  try {
    const policy = await readTrustPolicy(parts.trust);
    return policy && judgeImage(parts.images.database, policy, { image, asked });
  } catch (error) {
    if (error instanceof DvmError && error.code === "forbidden") return error;
    throw error;
  }
}

/** Which policy is in force: `none`, its path, or why it can't be used. */
export async function describePolicy({ parts }: Engine): Promise<string> {
  try {
    return (await readTrustPolicy(parts.trust))?.path ?? "none";
  } catch (error) {
    if (error instanceof DvmError && error.code === "forbidden") return error.message;
    throw error;
  }
}

function refused(asked: string, fact: string, hint: string | undefined): DvmError {
  return new DvmError("forbidden", `cannot create a container of ${asked}: ${fact}`, {
    ...(hint === undefined ? {} : { hint }),
  });
}

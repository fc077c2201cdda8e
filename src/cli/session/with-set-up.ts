import { DvmError } from "../../base/errors.ts";
import type { CliContext } from "../command.ts";
import { withDefaultTag } from "../options/image-name.ts";

/** Images that the set-up brings. */
const suppliedImages = ["hello:latest", "busybox:latest"];

interface Attempt<T> {
  image: string;
  action(): Promise<T>;
  /** Takes back what a failed `action` left. */
  undo(): Promise<void>;
}

/** Runs `action`; when it fails for want of something the set-up brings, sets up and runs it again. */
export async function withSetUp<T>(context: CliContext, attempt: Attempt<T>): Promise<T> {
  try {
    return await attempt.action();
  } catch (error) {
    const reasons = await reasonsToSetUp(context, attempt.image, error);
    if (reasons.length === 0) throw error;
    await attempt.undo();
    context.stderr.write(`dvm: setting this machine up first: ${reasons.join("; ")}\n`);
    await context.machine.setUp();
    return attempt.action();
  }
}

export function isSupplied(image: string): boolean {
  return suppliedImages.includes(withDefaultTag(image));
}

async function reasonsToSetUp(
  { machine }: CliContext,
  image: string,
  error: unknown,
): Promise<string[]> {
  if (!(error instanceof DvmError)) return [];
  if (error.code === "not-found" && error.message.includes("No such image")) {
    if (!isSupplied(image)) return [];
    return [...(await machine.missingParts()), `there is no image ${image} yet`];
  }
  return ["internal", "unavailable"].includes(error.code) ? machine.missingParts() : [];
}

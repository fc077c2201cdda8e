import { DvmError } from "../../base/errors.ts";
import type { CliContext } from "../command.ts";
import { splitImageName } from "../options/image-name.ts";
import { showTransfer } from "../output/show-transfer.ts";
import { registryHeader } from "./registry-header.ts";

export interface Pull {
  name: string;
  platform?: string | undefined;
  allTags?: boolean;
  /** Where progress is shown; nowhere when undefined. */
  output: NodeJS.WriteStream | undefined;
}

/** Lets the daemon pull an image with the user's credentials. */
export async function pull(
  context: CliContext,
  { name, platform, allTags = false, output }: Pull,
): Promise<void> {
  const { repository, tag } = splitImageName(name);
  if (allTags && (tag !== "" || name.includes("@")))
    throw new DvmError("invalid", "tag can't be used with --all-tags/-a");
  const lines = context.client.images.pull({
    image: repository,
    // no tag would mean all
    tag: tag === "" && !allTags && !name.includes("@") ? "latest" : tag,
    platform,
    auth: await registryHeader(name, context),
  });
  await showTransfer(lines, output);
}

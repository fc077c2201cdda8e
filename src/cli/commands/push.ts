import { DvmError } from "../../base/errors.ts";
import type { Command } from "../command.ts";
import { canonicalName, splitImageName } from "../options/image-name.ts";
import { showTransfer } from "../output/show-transfer.ts";
import { registryHeader } from "../registry/registry-header.ts";

export const command: Command = {
  name: "push",
  usage: "[OPTIONS] NAME[:TAG]",
  summary: "Upload an image to a registry",
  flags: [
    {
      name: "all-tags",
      short: "a",
      kind: "boolean",
      summary: "Push all tags of an image to the repository",
    },
    { name: "quiet", short: "q", kind: "boolean", summary: "Suppress verbose output" },
  ],
  arguments: { min: 1, max: 1 },
  async run({ flags, positionals: [name = ""] }, context) {
    const allTags = flags.boolean("all-tags");
    const { repository, tag } = splitImageName(name);
    if (allTags && tag !== "")
      throw new DvmError("invalid", "tag can't be used with --all-tags/-a");
    const isDefault = !allTags && tag === "" && !name.includes("@");
    const quiet = flags.boolean("quiet");
    if (isDefault && !quiet) context.stdout.write("Using default tag: latest\n");
    const lines = context.client.images.push({
      image: repository,
      tag: isDefault ? "latest" : tag,
      auth: await registryHeader(name, context),
    });
    await showTransfer(lines, quiet ? undefined : context.stdout);
    if (quiet) context.stdout.write(`${canonicalName(name, !allTags)}\n`);
  },
};

import type { Command } from "../command.ts";
import { canonicalName } from "../options/image-name.ts";
import { pull } from "../registry/pull.ts";

export const command: Command = {
  name: "pull",
  usage: "[OPTIONS] NAME[:TAG|@DIGEST]",
  summary: "Download an image from a registry",
  flags: [
    {
      name: "all-tags",
      short: "a",
      kind: "boolean",
      summary: "Download all tagged images in the repository",
    },
    {
      name: "platform",
      kind: "text",
      value: "string",
      summary: "The platform of the image, such as linux/amd64",
    },
    { name: "quiet", short: "q", kind: "boolean", summary: "Suppress verbose output" },
  ],
  arguments: { min: 1, max: 1 },
  async run({ flags, positionals: [name = ""] }, context) {
    const allTags = flags.boolean("all-tags");
    const isDefault = !allTags && canonicalName(name) !== canonicalName(name, false);
    const quiet = flags.boolean("quiet");
    if (isDefault && !quiet) context.stdout.write("Using default tag: latest\n");
    const output = quiet ? undefined : context.stdout;
    await pull(context, { name, platform: flags.text("platform"), allTags, output });
    context.stdout.write(`${canonicalName(name, !allTags)}\n`);
  },
};

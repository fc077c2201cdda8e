import type { Command } from "../command.ts";
import { splitImageName } from "../options/image-name.ts";

export const command: Command = {
  name: "tag",
  usage: "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
  summary: "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE",
  flags: [],
  arguments: { min: 2, max: 2 },
  async run({ positionals: [source = "", target = ""] }, { client }) {
    const { repository, tag } = splitImageName(target);
    await client.images.tag(source, repository, tag);
  },
};

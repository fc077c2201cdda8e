import type { Command } from "../command.ts";
import { splitImageName } from "../options/image-name.ts";

export const command: Command = {
  name: "commit",
  usage: "[OPTIONS] CONTAINER [REPOSITORY[:TAG]]",
  summary: "Create a new image from a container's changes",
  flags: [
    {
      name: "author",
      short: "a",
      kind: "text",
      summary: 'Author (e.g., "John Hannibal Smith <hannibal@a-team.com>")',
    },
    {
      name: "change",
      short: "c",
      kind: "list",
      summary: "Apply Dockerfile instruction to the created image",
    },
    { name: "message", short: "m", kind: "text", summary: "Commit message" },
    {
      name: "pause",
      short: "p",
      kind: "boolean",
      summary: "Pause container during commit (default true)",
    },
  ],
  arguments: { min: 1, max: 2 },
  async run({ flags, positionals: [container = "", name = ""] }, { client, stdout }) {
    const id = await client.containers.commit(container, {
      ...splitImageName(name),
      author: flags.text("author") ?? "",
      comment: flags.text("message") ?? "",
      pause: flags.boolean("pause", true),
      changes: flags.list("change"),
    });
    stdout.write(`${id}\n`);
  },
};

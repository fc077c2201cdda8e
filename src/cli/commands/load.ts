import { DvmError } from "../../base/errors.ts";
import { openArchive } from "../archive/open-archive.ts";
import { showProgress } from "../archive/show-progress.ts";
import type { Command } from "../command.ts";

export const command: Command = {
  name: "load",
  usage: "[OPTIONS]",
  summary: "Load images from an archive, a folder or standard input",
  flags: [
    {
      name: "input",
      short: "i",
      kind: "text",
      summary: "Read from a tar archive, or a folder in OCI layout, instead of STDIN",
    },
    { name: "quiet", short: "q", kind: "boolean", summary: "Suppress the load output" },
  ],
  arguments: { min: 0, max: 0 },
  async run({ flags }, context) {
    const { client, stdin, stderr, cwd } = context;
    const input = flags.text("input");
    if (input === undefined && stdin.isTTY)
      throw new DvmError("invalid", "requested load from stdin, but stdin is empty");
    const archive = input === undefined ? stdin : await openArchive(input, cwd);
    const quiet = flags.boolean("quiet") || !stderr.isTTY;
    await showProgress(client.images.load(archive, quiet), context);
  },
};

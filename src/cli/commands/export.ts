import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { DvmError } from "../../base/errors.ts";
import type { Command } from "../command.ts";

export const command: Command = {
  name: "export",
  usage: "[OPTIONS] CONTAINER",
  summary: "Export a container's filesystem as a tar archive",
  flags: [
    { name: "output", short: "o", kind: "text", summary: "Write to a file, instead of STDOUT" },
  ],
  arguments: { min: 1, max: 1 },
  async run({ flags, positionals: [name = ""] }, { client, stdout, cwd }) {
    const output = flags.text("output") ?? "";
    if (output === "" && stdout.isTTY)
      throw new DvmError(
        "invalid",
        "cowardly refusing to save to a terminal. Use the -o flag or redirect",
      );
    const tar = await client.exportContainer(name);
    if (output === "") return pipeline(tar, stdout);
    const file = resolve(cwd, output);
    const temporary = `${file}.${process.pid}.tmp`;
    try {
      await pipeline(tar, createWriteStream(temporary, { flags: "wx" }));
      await rename(temporary, file);
    } finally {
      await rm(temporary, { force: true });
    }
  },
};

import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import { DvmError } from "../../base/errors.ts";
import { asText } from "../../client/json.ts";
import { openArchive } from "../archive/open-archive.ts";
import type { CliContext, Command } from "../command.ts";
import { splitImageName } from "../options/image-name.ts";

export const command: Command = {
  name: "import",
  usage: "[OPTIONS] file|- [REPOSITORY[:TAG]]",
  summary: "Import the contents from a tarball to create a filesystem image",
  flags: [
    {
      name: "change",
      short: "c",
      kind: "list",
      summary: "Apply Dockerfile instruction to the created image",
    },
    { name: "message", short: "m", kind: "text", summary: "Set commit message for imported image" },
  ],
  arguments: { min: 1, max: 2 },
  async run({ flags, positionals: [source = "", name = ""] }, context) {
    const { client, stdout } = context;
    const tar = await openTar(source, context);
    const lines = client.images.import(tar, {
      ...splitImageName(name),
      message: flags.text("message") ?? "",
      changes: flags.list("change"),
    });
    for await (const line of lines) {
      const failure = asText(line["error"]);
      if (failure !== "") throw new DvmError("internal", `Error response from daemon: ${failure}`);
      stdout.write(`${asText(line["status"])}\n`);
    }
  },
};

async function openTar(source: string, { stdin, cwd }: CliContext): Promise<Readable> {
  if (source === "-") return stdin;
  if (/^https?:\/\//.test(source))
    throw new DvmError("unsupported", `cannot import ${source}: DVM does not download`, {
      hint: "download it and give the file, or pipe it into: dvm import -",
    });
  const archive = await openArchive(source, cwd);
  if ((await stat(resolve(cwd, source))).isDirectory())
    throw new DvmError("invalid", `cannot import ${source}: it is a folder`, {
      hint: `tar -C ${source} -c . | dvm import -`,
    });
  return archive;
}

import { DvmError } from "../../base/errors.ts";
import { asNumber, asStrings, asText } from "../../client/json.ts";
import type { Command } from "../command.ts";
import { shortId } from "../output/shorten.ts";

export const command: Command = {
  name: "image verify",
  usage: "[IMAGE...]",
  summary: "Hash all that is kept of images again; all images when none is named",
  flags: [],
  arguments: { min: 0 },
  async run({ positionals }, { client, stdout }) {
    let damaged = 0;
    for await (const line of client.images.verify(positionals)) {
      const failure = asText(line["error"]);
      if (failure !== "") throw new DvmError("internal", `Error response from daemon: ${failure}`);
      const id = asText(line["Id"]);
      const name = asStrings(line["RepoTags"])[0] ?? "<none>";
      const problems = asStrings(line["Problems"]);
      const count = asNumber(line["Layers"]);
      const layers = count === 1 ? "1 layer" : `${count} layers`;
      const verdict = problems.length === 0 ? "whole" : "damaged";
      stdout.write(`${shortId(id)}  ${verdict}  ${name}, ${layers}\n`);
      for (const problem of problems) stdout.write(`  ${problem}\n`);
      if (problems.length > 0) damaged += 1;
    }
    return damaged === 0 ? 0 : 1;
  },
};

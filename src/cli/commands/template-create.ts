import type { Command } from "../command.ts";
import { acceleratorFlag } from "../options/container-flags.ts";
import { machineChoice } from "../options/create-body.ts";
import { parseBytes, parseCpus } from "../../base/parse-sizes.ts";

export const command: Command = {
  name: "template create",
  usage: "[OPTIONS]",
  summary: "Make a template ahead, so that the first run of its kind needs no boot",
  flags: [
    acceleratorFlag,
    { name: "cpus", kind: "text", value: "decimal", summary: "Number of CPUs" },
    {
      name: "kernel",
      kind: "text",
      value: "name|path",
      summary: "Kernel of the machine: stock, hyper, or a file",
    },
    { name: "memory", short: "m", kind: "text", value: "bytes", summary: "Memory limit" },
    {
      name: "network",
      kind: "text",
      value: "network",
      summary: "none: for containers without a network",
    },
  ],
  arguments: { min: 0, max: 0 },
  async run({ flags }, { client, stdout }) {
    const [memory, cpus] = [flags.text("memory"), flags.text("cpus")];
    const id = await client.templates.create({
      ...machineChoice(flags),
      ...(memory === undefined ? {} : { Memory: parseBytes(memory) }),
      ...(cpus === undefined ? {} : { NanoCpus: parseCpus(cpus) }),
      Network: flags.text("network") !== "none",
    });
    stdout.write(`${id}\n`);
  },
};

import type { Command } from "../../cli/command.ts";
import { describeAge } from "../../base/describe-age.ts";
import { decimalSize } from "../../base/describe-size.ts";
import { listFlags } from "../../cli/output/list-flags.ts";
import { printList } from "../../cli/output/print-list.ts";
import { defaultKernel, listKernels } from "../../kernel/kernel-catalogue.ts";

const headers = {
  ID: "KERNEL ID",
  Name: "NAME",
  Release: "RELEASE",
  Digest: "DIGEST",
  Created: "CREATED",
  Size: "SIZE",
  Default: "DEFAULT",
  Source: "SOURCE",
  Path: "PATH",
};
const columns = ["Name", "Release", "Digest", "Created", "Size", "Default"];

/** `dvm kernel ls`: what `--kernel` may name. */
export const command: Command = {
  name: "kernel ls",
  usage: "[OPTIONS]",
  summary: "List kernels",
  flags: listFlags,
  arguments: { min: 0, max: 0 },
  async run({ flags }, { places, stdout }) {
    const kernels = await listKernels(places.dataRoot);
    const chosen = await defaultKernel(places.dataRoot);
    const rows = kernels.map(({ id, name, release, digest, builtAt, sizeBytes, source, path }) => ({
      ID: id,
      Name: name,
      Release: release,
      Digest: digest.slice(0, "sha256:".length + 12),
      Created: `${describeAge(Date.parse(builtAt))} ago`,
      Size: decimalSize(sizeBytes),
      Default: id === chosen?.id ? "*" : "",
      Source: source,
      Path: path,
    }));
    printList({ headers, columns, quiet: "ID", rows, objects: kernels }, flags, stdout);
  },
};

import { DvmError } from "../../base/errors.ts";
import type { CliContext, Command } from "../../cli/command.ts";
import { eachName } from "../../cli/each-name.ts";
import {
  findStoredKernel,
  listKernels,
  rebuildKernel,
  verifyKernel,
  type StoredKernel,
} from "../../kernel/kernel-catalogue.ts";
import { stoppedBySignal } from "../stopped-by-signal.ts";
import { showBuildProgress } from "./kernel-progress.ts";

/** `dvm kernel verify`: all kernels when none is named. */
export const command: Command = {
  name: "kernel verify",
  usage: "[OPTIONS] [KERNEL...]",
  summary: "Check that kernels are what was stored, byte by byte",
  flags: [
    {
      name: "rebuild",
      kind: "boolean",
      summary: "Build them anew in another folder, too, and compare: some minutes each",
    },
    {
      name: "source",
      kind: "text",
      value: "path",
      summary: "The archive that they were built of, where it was none of the distribution's",
    },
  ],
  arguments: { min: 0 },
  async run({ flags, positionals }, context) {
    const { dataRoot } = context.places;
    const wantsRebuild = flags.boolean("rebuild");
    const source = flags.text("source");
    const signal = wantsRebuild ? stoppedBySignal("build a kernel anew") : undefined;
    const kernels = await listKernels(dataRoot);
    const built = kernels.filter(({ built }) => !wantsRebuild || built !== undefined);
    const names = positionals.length > 0 ? positionals : built.map(({ id }) => id);
    return await eachName(context, names, async (name) => {
      const kernel = await findStoredKernel(dataRoot, name);
      const faults = await verifyKernel(kernel);
      if (faults.length > 0) {
        throw new DvmError("damaged", `cannot trust kernel ${kernel.id}:\n${faults.join("\n")}`, {
          hint: `remove it by dvm kernel rm ${kernel.id}, and build it again`,
        });
      }
      if (wantsRebuild) await compareWithAnother(context, kernel, { source, signal });
    });
  },
};

async function compareWithAnother(
  { places, stderr }: CliContext,
  kernel: StoredKernel,
  options: { source: string | undefined; signal: AbortSignal | undefined },
): Promise<void> {
  using progress = showBuildProgress(stderr);
  const differences = await rebuildKernel(places.dataRoot, kernel, {
    ...options,
    onProgress: progress.take,
  });
  if (differences.length === 0) return;
  throw new DvmError(
    "damaged",
    `the same built anew is not kernel ${kernel.id}:\n${differences.join("\n")}`,
  );
}

import { DvmError } from "../../base/errors.ts";
import type { CliContext, Command } from "../../cli/command.ts";
import { eachName } from "../../cli/each-name.ts";
import {
  comparedFiles,
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
    const wants = { rebuild: flags.boolean("rebuild"), source: flags.text("source") };
    if (wants.source !== undefined && !wants.rebuild)
      throw new DvmError("invalid", "cannot verify kernels: --source goes with --rebuild");
    const names = positionals.length > 0 ? positionals : await allKernels(context, wants.rebuild);
    const signal = wants.rebuild ? stoppedBySignal("build a kernel anew") : undefined;
    return await eachName(context, names, async (name) => {
      const kernel = await findStoredKernel(context.places.dataRoot, name);
      await requireWhole(kernel);
      return (
        signal && (await compareWithAnother(context, kernel, { source: wants.source, signal }))
      );
    });
  },
};

async function allKernels({ places }: CliContext, rebuild: boolean): Promise<string[]> {
  const kernels = await listKernels(places.dataRoot);
  const wanted = kernels.filter(({ built }) => !rebuild || built !== undefined);
  if (rebuild && wanted.length === 0)
    throw new DvmError("not-found", "cannot build kernels anew: none of the store was built here");
  return wanted.map(({ id }) => id);
}

async function requireWhole(kernel: StoredKernel): Promise<void> {
  const faults = await verifyKernel(kernel);
  if (faults.length === 0) return;
  throw new DvmError("damaged", `cannot trust kernel ${kernel.id}:\n${faults.join("\n")}`, {
    hint: `remove it by dvm kernel rm ${kernel.id}, and build it again`,
  });
}

async function compareWithAnother(
  { places, stderr }: CliContext,
  kernel: StoredKernel,
  options: { source: string | undefined; signal: AbortSignal },
): Promise<string> {
  using progress = showBuildProgress(stderr);
  const differences = await rebuildKernel(places.dataRoot, kernel, {
    ...options,
    onProgress: progress.take,
  });
  if (differences.length === 0) return `${kernel.id}: the same ${comparedFiles.join(", ")}`;
  throw new DvmError(
    "damaged",
    `the same built anew is not kernel ${kernel.id}:\n${differences.join("\n")}`,
    { hint: "a time, a path, a name or a random number has got into it" },
  );
}

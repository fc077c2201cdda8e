import { findCompiler } from "../host/compiler.ts";
import { findTool, type Tool } from "../host/tools.ts";
import { listKernels } from "../kernel/kernel-catalogue.ts";
import { unmadePrograms } from "./own-programs.ts";

/** What stops a first run, in words for a person; empty when a machine can start. */
export async function missingParts(
  dataRoot: string,
  findQemu: () => Promise<Tool | undefined>,
): Promise<string[]> {
  const [qemu, format, kernels, programs] = await Promise.all([
    findQemu(),
    findTool(dataRoot, "mkfs.ext4"),
    listKernels(dataRoot),
    canHavePrograms(dataRoot),
  ]);
  return [
    ...(qemu === undefined ? ["QEMU"] : []),
    ...(format === undefined ? ["mkfs.ext4"] : []),
    ...(kernels.length === 0 ? ["kernel"] : []),
    ...(programs ? [] : ["C compiler for the agent"]),
  ];
}

async function canHavePrograms(dataRoot: string): Promise<boolean> {
  if ((await unmadePrograms(dataRoot)).length === 0) return true;
  const make = await findTool(dataRoot, "make");
  return make !== undefined && (await findCompiler(dataRoot)) !== undefined;
}

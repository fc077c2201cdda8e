import { findCompiler } from "../host/compiler.ts";
import { findTool, type Tool } from "../host/tools.ts";
import { hasAgentBinary } from "../kernel/agent-binary.ts";
import { listKernels } from "../kernel/kernel-catalogue.ts";

/** What stops a first run, in words for a person; empty when a machine can start. */
export async function missingParts(
  dataRoot: string,
  findQemu: () => Promise<Tool | undefined>,
): Promise<string[]> {
  const [qemu, format, kernels, agent] = await Promise.all([
    findQemu(),
    findTool(dataRoot, "mkfs.ext4"),
    listKernels(dataRoot),
    canHaveAgent(dataRoot),
  ]);
  return [
    ...(qemu === undefined ? ["QEMU"] : []),
    ...(format === undefined ? ["mkfs.ext4"] : []),
    ...(kernels.length === 0 ? ["kernel"] : []),
    ...(agent ? [] : ["C compiler for the agent"]),
  ];
}

async function canHaveAgent(dataRoot: string): Promise<boolean> {
  if (await hasAgentBinary(dataRoot)) return true;
  const make = await findTool(dataRoot, "make");
  return make !== undefined && (await findCompiler(dataRoot)) !== undefined;
}

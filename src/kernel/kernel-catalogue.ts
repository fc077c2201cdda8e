import { DvmError } from "../base/errors.ts";
import { agentBinary } from "./agent-binary.ts";
import { storeCustomKernel } from "./custom-kernel.ts";
import { storedInitramfs } from "./initramfs.ts";
import { kernelsRoot, storedKernels, type Kernel, type StoredKernel } from "./kernel.ts";

export type { Kernel } from "./kernel.ts";
export { buildKernel } from "./hyper-kernel.ts";
export { installStockKernel } from "./stock-kernel.ts";

/** From the best one. */
const preference = ["hyper", "stock"];

/**
 * The kernel that a machine starts with, and an initramfs that fits it (made here when there is
 * none yet). `want` is a name (`hyper`, `stock`), the path of any bzImage, or undefined for the
 * best of what is there. `agent` gives the path of the agent's executable.
 */
export async function chooseKernel(
  dataRoot: string,
  want: string | undefined,
  agent: () => Promise<string> = () => agentBinary(dataRoot),
): Promise<Kernel> {
  const stored = await chooseStored(dataRoot, want);
  const initramfs = await storedInitramfs(dataRoot, stored, await agent());
  const { name, path, release, digest, discovery, sizeBytes } = stored;
  return { name, path, release, digest, initramfs, discovery, sizeBytes };
}

/** What is in the store, the latest first. */
export async function listKernels(dataRoot: string): Promise<StoredKernel[]> {
  return storedKernels(dataRoot);
}

async function chooseStored(dataRoot: string, want: string | undefined): Promise<StoredKernel> {
  if (want?.includes("/")) return storeCustomKernel(dataRoot, want);
  const kernels = await storedKernels(dataRoot);
  const names = want === undefined ? preference : [want];
  for (const name of names) {
    const kernel = kernels.find((kernel) => kernel.name === name);
    if (kernel !== undefined) return kernel;
  }
  if (want === undefined) {
    throw new DvmError(
      "unavailable",
      `cannot start a machine: there is no kernel in ${kernelsRoot(dataRoot)}`,
      { hint: "run: dvm setup" },
    );
  }
  throw unknownKernel(want, kernels);
}

function unknownKernel(want: string, kernels: StoredKernel[]): DvmError {
  const remedies: Record<string, string> = { hyper: "dvm kernel build", stock: "dvm setup" };
  const remedy = remedies[want];
  const known = kernels.map((kernel) => kernel.name).join(", ") || "none";
  return new DvmError(
    remedy === undefined ? "not-found" : "unavailable",
    `cannot use kernel ${want}: it is not in the store (there: ${known})`,
    {
      hint:
        remedy === undefined
          ? `a kernel is hyper, stock or the path of a bzImage, as in ./${want}`
          : `run: ${remedy}`,
    },
  );
}

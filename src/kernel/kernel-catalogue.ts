import { DvmError } from "../base/errors.ts";
import { agentBinary } from "./agent-binary.ts";
import { storeCustomKernel } from "./custom-kernel.ts";
import { defaultKernel, readDefaultKernel } from "./default-kernel.ts";
import { storedInitramfs } from "./initramfs.ts";
import { recipeNames } from "./kernel-recipe.ts";
import { fitsAnImage } from "./reserved-names.ts";
import {
  kernelsRoot,
  requireFeatures,
  storedKernels,
  type Kernel,
  type StoredKernel,
} from "./kernel.ts";
import { unchangedImage } from "./unchanged-image.ts";

export type { Kernel, StoredKernel } from "./kernel.ts";
export { buildKernel } from "./build-kernel.ts";
export type { BuildProgress } from "./compile-kernel.ts";
export { defaultKernel, writeDefaultKernel } from "./default-kernel.ts";
export { recipeNames } from "./kernel-recipe.ts";
export { hasFeatures, requireFeatures } from "./kernel.ts";
export { imageEntry } from "./pvh-entry.ts";
export { comparedFiles, rebuildKernel } from "./rebuild-kernel.ts";
export { removeKernel } from "./remove-kernel.ts";
export { installStockKernel } from "./stock-kernel.ts";
export { verifyKernel } from "./verify-kernel.ts";

interface KernelChoice {
  /** Gives the path of the agent's executable. */
  agent?: () => Promise<string>;
  /** What a kernel that was built by a recipe must have for the VMM's machines. */
  features?: readonly string[];
}

/**
 * The kernel that a machine starts with, and an initramfs that fits it (made here when there is
 * none yet). `want` is a name (`hyper`, `stock`), an id of the store, the path of any bzImage, or
 * undefined for the default.
 */
export async function chooseKernel(
  dataRoot: string,
  want: string | undefined,
  { agent = () => agentBinary(dataRoot), features = [] }: KernelChoice = {},
): Promise<Kernel> {
  const stored = await chooseStored(dataRoot, want);
  requireFeatures(stored, features);
  const { name, release, digest, discovery, sizeBytes, built } = stored;
  return {
    ...{ name, release, digest, discovery, sizeBytes },
    path: await unchangedImage(dataRoot, stored),
    initramfs: await storedInitramfs(dataRoot, stored, await agent()),
    ...(built === undefined || built.features.includes("processors") ? {} : { maximumCpus: 1 }),
    judgesDevices: built === undefined || built.features.includes("containers"),
  };
}

/** What is in the store, the latest first. */
export async function listKernels(dataRoot: string): Promise<StoredKernel[]> {
  return storedKernels(dataRoot);
}

/** A kernel of the store by its name (the latest of that name), or its id or the start of it. */
export async function findStoredKernel(dataRoot: string, want: string): Promise<StoredKernel> {
  const kernels = await storedKernels(dataRoot);
  const named = kernels.find(({ name, id }) => name === want || id === want);
  if (named !== undefined) return named;
  const [found, another] = kernels.filter(({ id }) => id.startsWith(want));
  if (found !== undefined && another === undefined && want !== "") return found;
  throw want === fitsAnImage ? fitHere() : await unknownKernel(want, kernels);
}

async function chooseStored(dataRoot: string, want: string | undefined): Promise<StoredKernel> {
  if (want?.includes("/")) return storeCustomKernel(dataRoot, want);
  if (want !== undefined) return findStoredKernel(dataRoot, want);
  const found = await defaultKernel(dataRoot);
  if (found !== undefined) return found;
  const chosen = await readDefaultKernel(dataRoot);
  if (chosen !== undefined) return findStoredKernel(dataRoot, chosen);
  throw new DvmError(
    "unavailable",
    `cannot start a machine: there is no kernel in ${kernelsRoot(dataRoot)}`,
    { hint: "run: dvm setup" },
  );
}

function fitHere(): DvmError {
  return new DvmError(
    "invalid",
    "cannot use kernel fit here: it stands for the smallest that serves an image",
    { hint: "it is for dvm run and dvm create; dvm kernel fit IMAGE tells which that is" },
  );
}

async function unknownKernel(want: string, kernels: StoredKernel[]): Promise<DvmError> {
  const recipes = await recipeNames();
  const known = kernels.map((kernel) => kernel.name).join(", ") || "none";
  const fact = `cannot use kernel ${want}: it is not in the store (there: ${known})`;
  if (want === "stock") return new DvmError("unavailable", fact, { hint: "run: dvm setup" });
  if (recipes.includes(want)) {
    const command = want === "hyper" ? "dvm kernel build" : `dvm kernel build ${want}`;
    return new DvmError("unavailable", fact, { hint: `run: ${command}` });
  }
  return new DvmError("not-found", fact, {
    hint: `a kernel is ${recipes.join(", ")}, stock or the path of a bzImage, as in ./${want}`,
  });
}

import { DvmError } from "../../base/errors.ts";
import type { Kernel } from "../../kernel/kernel-catalogue.ts";
import type { RunSpecification } from "../records.ts";

const mebibyte = 2 ** 20;
const defaultMemoryMiB = 512;
/** Docker's. */
const leastMemoryBytes = 6 * mebibyte;
/** Below this not every kernel gets as far as the agent. */
const leastMachineMiB = 96;
/** What the larger of our kernels keeps for itself in a small machine. */
const kernelMemoryMiB = 56;

/** Checks what `create` can check already: memory and CPUs. */
export function checkResources(
  { memoryBytes, nanoCpus }: RunSpecification["limits"],
  hostCpus: number,
): void {
  memoryMiB(memoryBytes);
  cpuCount(nanoCpus, hostCpus);
}

/** What the container may use, with room for the machine's kernel and agent beside it. */
export function memoryMiB(bytes: number): number {
  if (bytes === 0) return defaultMemoryMiB;
  if (bytes < leastMemoryBytes)
    throw new DvmError("invalid", "Minimum memory limit allowed is 6MB");
  return Math.max(leastMachineMiB, Math.ceil(bytes / mebibyte) + kernelMemoryMiB);
}

/** How many processors the machine gets; an error where its kernel could not use them. */
export function machineCpus(
  nanoCpus: number,
  hostCpus: number,
  { name, maximumCpus = hostCpus }: Pick<Kernel, "name" | "maximumCpus">,
): number {
  const count = cpuCount(nanoCpus, hostCpus);
  if (count <= maximumCpus) return count;
  throw new DvmError(
    "invalid",
    `cannot give a machine ${count} CPUs: its kernel, ${name}, uses ${maximumCpus}`,
    { hint: "choose another by --kernel, or fewer by --cpus" },
  );
}

function cpuCount(nanoCpus: number, hostCpus: number): number {
  const wanted = nanoCpus / 1e9;
  if (wanted < 0 || wanted > hostCpus) {
    throw new DvmError(
      "invalid",
      `range of CPUs is from 0.01 to ${hostCpus.toFixed(2)}, as there are only ${hostCpus} CPUs available`,
    );
  }
  return Math.max(1, Math.ceil(wanted));
}

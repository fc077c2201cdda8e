import { DvmError } from "../../base/errors.ts";
import type { Kernel } from "../../kernel/kernel-catalogue.ts";
import type { RunSpecification } from "../records.ts";
import { quotaInCpus } from "./container-limits.ts";
import { parseNumbers } from "./request/resources/parse-numbers.ts";

const mebibyte = 2 ** 20;
const defaultMemoryMiB = 512;
/** Below this not every kernel gets as far as the agent. */
const leastMachineMiB = 96;
/** What the larger of our kernels keeps for itself in a small machine. */
const kernelMemoryMiB = 56;

type Limits = RunSpecification["limits"];

/** What the container may use, with room for the machine's kernel and agent beside it. */
export function memoryMiB({ memoryBytes, memoryReservationBytes }: Limits): number {
  const wanted = Math.ceil((memoryBytes || memoryReservationBytes) / mebibyte) + kernelMemoryMiB;
  return Math.max(memoryBytes === 0 ? defaultMemoryMiB : leastMachineMiB, wanted);
}

/** How many processors the machine gets; an error where its kernel could not use them. */
export function machineCpus(
  limits: Limits,
  hostCpus: number,
  { name, maximumCpus = hostCpus }: Pick<Kernel, "name" | "maximumCpus">,
): number {
  const count = cpuCount(limits, hostCpus);
  if (count <= maximumCpus) return count;
  throw new DvmError(
    "invalid",
    `cannot give a machine ${count} CPUs: its kernel, ${name}, uses ${maximumCpus}`,
    { hint: "choose another by --kernel, or fewer by --cpus" },
  );
}

/** Those that it may use all the time, and those that it names. */
function cpuCount(limits: Limits, hostCpus: number): number {
  const quota = quotaInCpus(limits);
  const used = Number.isFinite(quota) ? Math.min(hostCpus, Math.ceil(quota)) : 1;
  const named = parseNumbers(limits.processors, "cpus").map((number) => number + 1);
  return Math.max(1, used, ...named);
}

import type { ContainerLimits } from "../../agent/agent-client.ts";
import { defaultPeriodUs } from "./container-limits.ts";
import { parseNumbers } from "./request/resources/parse-numbers.ts";

const mebibyte = 2 ** 20;

/** What a machine has that runs. */
interface MachineSize {
  cpus: number;
  memoryBytes: number;
}

/**
 * New limits for a container in a machine that keeps its size until the next start: what that is
 * told, and what the caller is to know.
 */
export function machineLimits(
  limits: ContainerLimits,
  machine: MachineSize,
): { told: ContainerLimits; warnings: string[] } {
  const warnings: string[] = [];
  const later = (what: string) => warnings.push(`${what} until the container is started again.`);
  const asked = parseNumbers(limits.processors, "cpus");
  const there = asked.filter((number) => number < machine.cpus);
  const quotaCpus = limits.cpuQuotaUs / (limits.cpuPeriodUs || defaultPeriodUs);
  if (there.length < asked.length || quotaCpus > machine.cpus)
    later(`The container's machine has ${machine.cpus} CPUs`);
  if (limits.memoryBytes > machine.memoryBytes)
    later(
      `The container's machine has ${Math.floor(machine.memoryBytes / mebibyte)} MiB of memory`,
    );
  return { told: { ...limits, processors: there.join(",") }, warnings };
}

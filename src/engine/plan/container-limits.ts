import type { ContainerLimits } from "../../agent/agent-client.ts";
import type { RunSpecification } from "../records.ts";

/** Of a quota that names none. */
export const defaultPeriodUs = 100_000;

export const noLimits: ContainerLimits = {
  cpuQuotaUs: 0,
  cpuPeriodUs: 0,
  cpuWeight: 0,
  memoryBytes: 0,
  memoryLowBytes: 0,
  processes: 0,
  processors: "",
};

/**
 * What the agent is told of a container's limits. `ownCpus`: of a machine that is its alone; a quota
 * of all of them is none.
 */
export function containerLimits(
  limits: RunSpecification["limits"],
  ownCpus = Infinity,
): ContainerLimits {
  const { quotaUs, period } = quotaOf(limits);
  return {
    ...(quotaUs < ownCpus * (period || defaultPeriodUs)
      ? { cpuQuotaUs: quotaUs, cpuPeriodUs: period }
      : { cpuQuotaUs: 0, cpuPeriodUs: 0 }),
    cpuWeight: weightOf(limits.cpuShares),
    memoryBytes: limits.memoryBytes,
    memoryLowBytes: limits.memoryReservationBytes,
    processes: limits.processes,
    processors: limits.processors,
  };
}

/** How many processors' time a container may use; infinite: it has no quota. */
export function quotaInCpus(limits: RunSpecification["limits"]): number {
  const { quotaUs, period } = quotaOf(limits);
  return quotaUs === 0 ? Infinity : quotaUs / (period || defaultPeriodUs);
}

function quotaOf({ nanoCpus, cpuQuotaUs, cpuPeriodUs }: RunSpecification["limits"]) {
  return nanoCpus > 0
    ? { quotaUs: Math.round((nanoCpus * defaultPeriodUs) / 1e9), period: defaultPeriodUs }
    : { quotaUs: cpuQuotaUs, period: cpuPeriodUs };
}

const shares = { least: 2, most: 262_144 };
const mostWeight = 10_000;

/** Shares of cgroup v1 as weights of v2, as OCI runtimes count. */
function weightOf(cpuShares: number): number {
  if (cpuShares === 0) return 0;
  const within = Math.min(shares.most, Math.max(shares.least, cpuShares));
  const part = (within - shares.least) / (shares.most - shares.least);
  return 1 + Math.floor(part * (mostWeight - 1));
}

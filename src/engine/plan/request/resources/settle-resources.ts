import type { Resources } from "../../../records.ts";
import { settleBlockIo } from "./block-io.ts";
import { settleMemory } from "./memory.ts";
import { settleProcessors } from "./processors.ts";

/** What of a machine's kernel Docker would find on its host. `info` says the same. */
export const limitSupport = {
  MemoryLimit: true,
  SwapLimit: true,
  CpuCfsPeriod: true,
  CpuCfsQuota: true,
  CPUShares: true,
  CPUSet: true,
  PidsLimit: true,
  OomKillDisable: false,
  CgroupDriver: "cgroupfs",
  CgroupVersion: "2",
} as const;

export interface Settling {
  /** Processors of the host, which a machine may have all. */
  hostCpus: number;
  /** What is left out stays as it is; at creation it is none. */
  isUpdate: boolean;
}

export interface Settled {
  resources: Resources;
  /** Of what was discarded, in Docker's words. */
  warnings: string[];
}

/**
 * Limits as a host with cgroup v2 takes them (daemon/daemon_unix.go): what can't be is refused in
 * Docker's words, what its kernel hasn't is discarded with Docker's warning.
 */
export function settleResources(asked: Resources, settling: Settling): Settled {
  const warnings: string[] = [];
  const settled = [
    settleMemory(asked, settling.isUpdate, warnings),
    settleProcesses(asked),
    settleProcessors(asked, settling.hostCpus, warnings),
    settleBlockIo(asked, warnings),
  ];
  return { resources: Object.assign({}, asked, ...settled), warnings };
}

/** No limit is 0 to an update, and null to a creation. */
function settleProcesses({ PidsLimit }: Resources): Partial<Resources> {
  return PidsLimit === null || PidsLimit > 0 ? {} : { PidsLimit: 0 };
}

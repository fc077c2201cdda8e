import type { HostConfig } from "../../records.ts";
import { checkResources as checkSize } from "../machine-size.ts";
import { refuseGiven } from "./refuse-given.ts";

/** Limits: of CPUs, memory, processes, and of what goes to disks. */
export function checkResources(hostConfig: HostConfig, hostCpus: number): void {
  const { Memory, MemorySwap, NanoCpus } = hostConfig;
  checkSize({ memoryBytes: Memory, nanoCpus: NanoCpus, processes: 0 }, hostCpus);
  const { CpuShares, CgroupParent, CpuPeriod, CpuQuota, CpusetCpus, CpusetMems } = hostConfig;
  const { CpuRealtimePeriod, CpuRealtimeRuntime, CpuCount, CpuPercent } = hostConfig;
  const { KernelMemory, KernelMemoryTCP, MemoryReservation, MemorySwappiness } = hostConfig;
  const { BlkioWeight, BlkioWeightDevice, BlkioDeviceReadBps, BlkioDeviceWriteBps } = hostConfig;
  const { BlkioDeviceReadIOps, BlkioDeviceWriteIOps, IOMaximumIOps } = hostConfig;
  const { IOMaximumBandwidth, OomKillDisable } = hostConfig;
  refuseGiven(
    "HostConfig.",
    {
      ...{ CpuShares, CgroupParent, CpuPeriod, CpuQuota, CpusetCpus, CpusetMems, MemorySwap },
      ...{ CpuRealtimePeriod, CpuRealtimeRuntime, CpuCount, CpuPercent, KernelMemory },
      ...{ KernelMemoryTCP, MemoryReservation, MemorySwappiness, BlkioWeight, BlkioWeightDevice },
      ...{ BlkioDeviceReadBps, BlkioDeviceWriteBps, BlkioDeviceReadIOps, BlkioDeviceWriteIOps },
      ...{ IOMaximumIOps, IOMaximumBandwidth, OomKillDisable },
    },
    { MemorySwappiness: [-1], MemorySwap: [-1, Memory, 2 * Memory] },
  );
}

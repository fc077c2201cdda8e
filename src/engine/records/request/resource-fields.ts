import { z } from "zod";
import { goNamed } from "../../../base/go-schema.ts";
import { list, number, optional, string, unsigned, whole } from "../../../base/json-fields.ts";

const rates = () =>
  goNamed("[]*blkiodev.ThrottleDevice", list(z.object({ Path: string, Rate: unsigned(64) })));

/** `Resources`, but for devices: what `update` may change, too. */
export const resourceFields = {
  CpuShares: number,
  Memory: number,
  NanoCpus: number,
  CgroupParent: string,
  BlkioWeight: unsigned(16),
  BlkioWeightDevice: goNamed(
    "[]*blkiodev.WeightDevice",
    list(z.object({ Path: string, Weight: unsigned(16) })),
  ),
  BlkioDeviceReadBps: rates(),
  BlkioDeviceWriteBps: rates(),
  BlkioDeviceReadIOps: rates(),
  BlkioDeviceWriteIOps: rates(),
  CpuPeriod: number,
  CpuQuota: number,
  CpuRealtimePeriod: number,
  CpuRealtimeRuntime: number,
  CpusetCpus: string,
  CpusetMems: string,
  KernelMemory: number,
  KernelMemoryTCP: number,
  MemoryReservation: number,
  MemorySwap: number,
  MemorySwappiness: optional(whole),
  OomKillDisable: optional(z.boolean()),
  PidsLimit: optional(whole),
  Ulimits: goNamed("[]*units.Ulimit", list(z.object({ Name: string, Soft: number, Hard: number }))),
  CpuCount: number,
  CpuPercent: number,
  IOMaximumIOps: unsigned(64),
  IOMaximumBandwidth: unsigned(64),
};

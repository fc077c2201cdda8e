import { z } from "zod";
import { list, number, optional, string } from "../../../base/json-fields.ts";

/** Larger ones than JavaScript counts one by one too: they stand for no limit. */
const whole = z.number().refine(Number.isInteger, "it must be a whole number");

const rate = z.object({ Path: string, Rate: number });

/** `Resources`, but for devices: what `update` may change, too. */
export const resourceFields = {
  CpuShares: number,
  Memory: number,
  NanoCpus: number,
  CgroupParent: string,
  BlkioWeight: number,
  BlkioWeightDevice: list(z.object({ Path: string, Weight: number })),
  BlkioDeviceReadBps: list(rate),
  BlkioDeviceWriteBps: list(rate),
  BlkioDeviceReadIOps: list(rate),
  BlkioDeviceWriteIOps: list(rate),
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
  MemorySwappiness: optional(z.int()),
  OomKillDisable: optional(z.boolean()),
  PidsLimit: optional(z.int()),
  Ulimits: list(z.object({ Name: z.string(), Soft: whole, Hard: whole })),
  CpuCount: number,
  CpuPercent: number,
  IOMaximumIOps: number,
  IOMaximumBandwidth: number,
};

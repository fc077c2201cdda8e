import { DvmError } from "../../../../base/errors.ts";
import type { Resources } from "../../../records.ts";
import { parseNumbers } from "./parse-numbers.ts";

/** Fields that come out in another way. */
export function settleProcessors(
  asked: Resources,
  hostCpus: number,
  warnings: string[],
): Partial<Resources> {
  checkTimes(asked, hostCpus);
  checkSets(asked, hostCpus);
  if (asked.CpuPercent === 0) return {};
  warnings.push("linux does not support CPU percent. Percent discarded.");
  return { CpuPercent: 0 };
}

/** What Docker's decoder refuses before it looks at anything else. */
export function checkScheduling(asked: Resources): void {
  const { IOMaximumBandwidth, IOMaximumIOps, CpuShares } = asked;
  const unsupported = (what: string) =>
    refused(`invalid option: QoS ${what} configuration is not supported on linux`);
  if (IOMaximumBandwidth !== 0) throw unsupported("maximum bandwidth");
  if (IOMaximumIOps !== 0) throw unsupported("maximum IOPs");
  if (asked.CpuRealtimePeriod !== 0 || asked.CpuRealtimeRuntime !== 0)
    throw refused("kernel does not support CPU real-time scheduler");
  if (CpuShares < 0)
    throw refused(`invalid CPU shares (${CpuShares}): value must be a positive integer`);
}

function checkTimes(asked: Resources, hostCpus: number): void {
  const { NanoCpus, CpuPeriod, CpuQuota } = asked;
  const conflict = (other: string) =>
    refused(`Conflicting options: Nano CPUs and CPU ${other} cannot both be set`);
  if (NanoCpus > 0 && CpuPeriod > 0) throw conflict("Period");
  if (NanoCpus > 0 && CpuQuota > 0) throw conflict("Quota");
  if (NanoCpus < 0 || NanoCpus > hostCpus * 1e9)
    throw refused(
      `range of CPUs is from 0.01 to ${hostCpus}.00, as there are only ${hostCpus} CPUs available`,
    );
  if (CpuPeriod !== 0 && (CpuPeriod < 1000 || CpuPeriod > 1_000_000))
    throw refused(
      "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)",
    );
  if (CpuQuota > 0 && CpuQuota < 1000)
    throw refused("CPU cfs quota can not be less than 1ms (i.e. 1000)");
}

/** A machine may have as many processors as the host, and has one node of memory. */
function checkSets({ CpusetCpus, CpusetMems }: Resources, hostCpus: number): void {
  const available = hostCpus === 1 ? "0" : `0-${hostCpus - 1}`;
  if (parseNumbers(CpusetCpus, "cpus").some((cpu) => cpu >= hostCpus))
    throw refused(
      `Requested CPUs are not available - requested ${CpusetCpus}, available: ${available}`,
    );
  if (parseNumbers(CpusetMems, "mems").some((node) => node > 0))
    throw refused(
      `Requested memory nodes are not available - requested ${CpusetMems}, available: 0`,
    );
}

function refused(words: string): DvmError {
  return new DvmError("invalid", words);
}

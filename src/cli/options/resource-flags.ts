import { DvmError } from "../../base/errors.ts";
import { parseBytes, parseCpus } from "../../base/parse-sizes.ts";
import type { JsonObject } from "../../client/json.ts";
import type { Flag, ParsedFlags } from "../flags.ts";
import { checked, integer, text } from "./flag-kinds.ts";

const largestWeight = 65_535;

/** What `run`, `create` and `update` all may set. */
export const resourceFlags: readonly Flag[] = [
  checked(integer("blkio-weight", "Block IO (relative weight), between 10 and 1000"), checkWeight),
  integer("cpu-period", "Limit CPU CFS (Completely Fair Scheduler) period"),
  integer("cpu-quota", "Limit CPU CFS (Completely Fair Scheduler) quota"),
  integer("cpu-rt-period", "Limit CPU real-time period in microseconds"),
  integer("cpu-rt-runtime", "Limit CPU real-time runtime in microseconds"),
  integer("cpu-shares", "CPU shares (relative weight)", "c"),
  checked(text("cpus", "decimal", "Number of CPUs"), parseCpus),
  text("cpuset-cpus", "string", "CPUs in which to allow execution (0-3, 0,1)"),
  text("cpuset-mems", "string", "MEMs in which to allow execution (0-3, 0,1)"),
  checked(text("memory", "bytes", "Memory limit", "m"), parseBytes),
  checked(text("memory-reservation", "bytes", "Memory soft limit"), parseBytes),
  checked(
    text("memory-swap", "bytes", "Limit of memory plus swap: -1 to enable unlimited swap"),
    parseSwap,
  ),
  integer("pids-limit", "Tune container pids limit (set -1 for unlimited)"),
  text("restart", "string", 'Restart policy to apply when a container exits (default "no")'),
];

/** The fields of HostConfig, and of an update, that these flags ask for. */
export function resourceFields(flags: ParsedFlags): JsonObject {
  const bytes = (name: string) => {
    const given = flags.text(name);
    return given === undefined ? undefined : parseSwap(given);
  };
  const cpus = flags.text("cpus");
  const restart = flags.text("restart");
  return {
    BlkioWeight: flags.integer("blkio-weight"),
    CpuPeriod: flags.integer("cpu-period"),
    CpuQuota: flags.integer("cpu-quota"),
    CpuRealtimePeriod: flags.integer("cpu-rt-period"),
    CpuRealtimeRuntime: flags.integer("cpu-rt-runtime"),
    CpuShares: flags.integer("cpu-shares"),
    CpusetCpus: flags.text("cpuset-cpus"),
    CpusetMems: flags.text("cpuset-mems"),
    Memory: bytes("memory"),
    MemoryReservation: bytes("memory-reservation"),
    MemorySwap: bytes("memory-swap"),
    NanoCpus: cpus === undefined ? undefined : parseCpus(cpus),
    PidsLimit: flags.integer("pids-limit"),
    RestartPolicy: restart === undefined ? undefined : readRestartPolicy(restart),
  };
}

/** `no`, `always`, `unless-stopped`, `on-failure[:N]`; which there are, the daemon says. */
export function readRestartPolicy(given: string): { Name: string; MaximumRetryCount: number } {
  if (given === "") return { Name: "", MaximumRetryCount: 0 };
  const at = given.indexOf(":");
  const name = at < 0 ? given : given.slice(0, at);
  if (name === "")
    throw new DvmError("invalid", "invalid restart policy format: no policy provided before colon");
  const count = at < 0 ? "" : given.slice(at + 1);
  if (count !== "" && !/^[+-]?\d+$/.test(count))
    throw new DvmError(
      "invalid",
      "invalid restart policy format: maximum retry count must be an integer",
    );
  return { Name: name, MaximumRetryCount: Number(count) };
}

function parseSwap(given: string): number {
  return given === "-1" ? -1 : parseBytes(given);
}

function checkWeight(given: string): void {
  if (/^\d+$/.test(given) && Number(given) <= largestWeight) return;
  const fact = /^\d+$/.test(given) ? "value out of range" : "invalid syntax";
  throw new DvmError("invalid", `strconv.ParseUint: parsing "${given}": ${fact}`);
}

import type { HostConfig } from "../docker-request.ts";

/** As `info` calls the default runtime. */
export const defaultRuntime = "runc";
/** Docker has another name of it, too. */
export const runtimes: readonly string[] = [defaultRuntime, "io.containerd.runc.v2"];

const defaultShmBytes = 64 * 2 ** 20;

/** What Docker puts where nothing was asked for. */
export function withDefaults(given: HostConfig): HostConfig {
  const { Memory, MemorySwap, MemorySwappiness, PidsLimit, NetworkMode } = given;
  return {
    ...given,
    NetworkMode: NetworkMode === "" || NetworkMode === "default" ? "bridge" : NetworkMode,
    MemorySwap: Memory > 0 && MemorySwap === 0 ? Memory * 2 : MemorySwap,
    MemorySwappiness: MemorySwappiness === -1 ? null : MemorySwappiness,
    OomKillDisable: given.OomKillDisable ?? false,
    PidsLimit: PidsLimit !== null && PidsLimit > 0 ? PidsLimit : null,
    ShmSize: given.ShmSize || defaultShmBytes,
    IpcMode: given.IpcMode || "private",
    CgroupnsMode: given.CgroupnsMode || "private",
    Runtime: given.Runtime || defaultRuntime,
    SecurityOpt: securityOptions(given),
  };
}

/** One that sees all has no label of its own. */
function securityOptions({ SecurityOpt, ...asked }: HostConfig): HostConfig["SecurityOpt"] {
  const isLabelled = SecurityOpt?.some((option) => option.startsWith("label=")) ?? false;
  const seesAll = asked.Privileged || asked.IpcMode === "host" || asked.PidMode === "host";
  return seesAll && !isLabelled ? [...(SecurityOpt ?? []), "label=disable"] : SecurityOpt;
}

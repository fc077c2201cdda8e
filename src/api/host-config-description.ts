import { type HostConfig, maskedPaths, readOnlyPaths, withoutNothing } from "../engine/records.ts";

/** What Docker leaves out where there is none. */
const leftOut = [
  ...["Annotations", "StorageOpt", "Tmpfs", "Sysctls", "Mounts", "Init", "KernelMemory"],
  ...["KernelMemoryTCP", "Dvm"],
];

/** What Docker shows although nothing is in it, if it was given. */
const kept = /^(?:(?:Bind|Volume|Image|Tmpfs|Cluster)Options|DriverConfig)$/;

/** One of `Mounts`: nothing is left in it that asks for nothing. */
function shownMount(mount: object): object {
  return Object.fromEntries(
    Object.entries(mount).flatMap(([name, value]: [string, unknown]) => {
      if (kept.test(name) && typeof value === "object" && value !== null)
        return [[name, shownMount(value)]];
      return Object.keys(withoutNothing({ value }, ["value"])).length === 0 ? [] : [[name, value]];
    }),
  );
}

/** `HostConfig` as `GET /containers/{id}/json` shows it. */
export function describeHostConfig(hostConfig: HostConfig): object {
  return {
    ...withoutNothing(hostConfig, leftOut),
    ...((hostConfig.Mounts ?? []).length === 0
      ? {}
      : { Mounts: (hostConfig.Mounts ?? []).map(shownMount) }),
    ...(hostConfig.Init === null ? {} : { Init: hostConfig.Init }),
    MaskedPaths: hostConfig.MaskedPaths ?? (hostConfig.Privileged ? null : maskedPaths),
    ReadonlyPaths: hostConfig.ReadonlyPaths ?? (hostConfig.Privileged ? null : readOnlyPaths),
  };
}

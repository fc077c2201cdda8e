import { type HostConfig, maskedPaths, readOnlyPaths, withoutNothing } from "../engine/records.ts";

/** What Docker leaves out where there is none. */
const leftOut = [
  ...["Annotations", "StorageOpt", "Tmpfs", "Sysctls", "Mounts", "Init", "KernelMemory"],
  ...["KernelMemoryTCP", "Dvm"],
];

/** `HostConfig` as `GET /containers/{id}/json` shows it. */
export function describeHostConfig(hostConfig: HostConfig): object {
  return {
    ...withoutNothing(hostConfig, leftOut),
    ...(hostConfig.Init === null ? {} : { Init: hostConfig.Init }),
    MaskedPaths: hostConfig.MaskedPaths ?? (hostConfig.Privileged ? null : maskedPaths),
    ReadonlyPaths: hostConfig.ReadonlyPaths ?? (hostConfig.Privileged ? null : readOnlyPaths),
  };
}

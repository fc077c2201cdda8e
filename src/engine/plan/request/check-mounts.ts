import { DvmError } from "../../../base/errors.ts";
import type { HostConfig } from "../../records.ts";
import { asksForNothing, refuseGiven } from "./refuse-given.ts";

/** How every mount is propagated. */
const propagations: readonly unknown[] = ["", "rprivate", "private"];

/** Options of mounts that DVM does nothing with are refused. */
export function checkMounts(hostConfig: HostConfig): void {
  const { VolumeDriver, VolumesFrom, StorageOpt } = hostConfig;
  refuseGiven("HostConfig.", { VolumeDriver, VolumesFrom, StorageOpt });
  for (const { BindOptions, VolumeOptions, TmpfsOptions } of hostConfig.Mounts ?? [])
    for (const [field, value] of Object.entries({
      ...BindOptions,
      ...VolumeOptions,
      Options: TmpfsOptions?.Options,
    })) {
      if (asksForNothing(value)) continue;
      if (field === "Propagation" && propagations.includes(value)) continue;
      throw new DvmError(
        "unsupported",
        `cannot mount with ${field}=${JSON.stringify(value)}: DVM does not support it yet`,
      );
    }
}

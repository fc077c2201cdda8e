import { DvmError } from "../../../../base/errors.ts";
import type { Resources } from "../../../records.ts";

/** Docker's names of what a kernel may lack: of what it can't, and of what is discarded then. */
const deviceRates = {
  BlkioDeviceReadBps: ["BPS Block I/O read limit", "Block I/O BPS read limit"],
  BlkioDeviceWriteBps: ["BPS Block I/O write limit", "Block I/O BPS write limit"],
  BlkioDeviceReadIOps: ["IOPS Block read limit", "Block I/O IOPS read limit"],
  BlkioDeviceWriteIOps: ["IOPS Block write limit", "Block I/O IOPS write limit"],
} as const;

/**
 * A machine has no disk of the host's by name, and its kernel weighs none: all that is asked of disks
 * is discarded, with Docker's warning for it.
 */
export function settleBlockIo(asked: Resources, warnings: string[]): Partial<Resources> {
  const settled: Partial<Resources> = {};
  const discard = (what: string, name: string) =>
    warnings.push(
      `Your kernel does not support ${what} or the cgroup is not mounted. ${name} discarded.`,
    );
  if (asked.BlkioWeight > 0) {
    settled.BlkioWeight = 0;
    discard("Block I/O weight", "Weight");
  }
  if (asked.IOMaximumBandwidth !== 0 || asked.IOMaximumIOps !== 0)
    throw new DvmError(
      "invalid",
      "Invalid QoS settings: linux does not support Maximum IO Bandwidth or Maximum IO IOps",
    );
  if ((asked.BlkioWeightDevice ?? []).length > 0) {
    settled.BlkioWeightDevice = [];
    discard("Block I/O weight_device", "Weight-device");
  }
  for (const field of keysOf(deviceRates)) {
    if ((asked[field] ?? []).length === 0) continue;
    settled[field] = [];
    const [what, name] = deviceRates[field];
    discard(what, name);
  }
  return settled;
}

function keysOf<T extends object>(object: T): (keyof T)[] {
  return Object.keys(object).filter((key): key is keyof T & string => key in object);
}

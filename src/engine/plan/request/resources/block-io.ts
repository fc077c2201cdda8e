import { DvmError } from "../../../../base/errors.ts";
import type { Resources } from "../../../records.ts";

const deviceRates = [
  ...(["BlkioDeviceReadBps", "BlkioDeviceWriteBps"] as const),
  ...(["BlkioDeviceReadIOps", "BlkioDeviceWriteIOps"] as const),
];

/**
 * A machine's kernel weighs no disks: that is discarded, with Docker's warning. It has none of the
 * host's by name either: what is asked of them is kept, and a warning says that it does nothing.
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
  for (const field of deviceRates)
    if ((asked[field] ?? []).length > 0)
      warnings.push(`A machine has no disk of the host's by name: ${field} has no effect.`);
  return settled;
}

import { stat } from "node:fs/promises";
import type { GuestDevice } from "../../agent/agent-client.ts";
import { DvmError } from "../../base/errors.ts";
import type { DiskSpec } from "../../machine/machine.ts";
import type { RunSpecification } from "../records.ts";

export interface PlacedDevices {
  devices: GuestDevice[];
  /** Block devices of the host, which its machine has as disks of its own. */
  deviceDisks: DiskSpec[];
}

/**
 * Finds what a container is given as devices: a block device of the host is a disk of its machine;
 * of others the machine has its own, by the same names, or none.
 */
export async function placeDevices(
  wanted: RunSpecification["confinement"]["devices"],
): Promise<PlacedDevices> {
  const placed: PlacedDevices = { devices: [], deviceDisks: [] };
  for (const { source, target, access } of wanted) {
    checkAccess({ source, target, access });
    const found = await stat(source).catch(() => undefined);
    if (found?.isBlockDevice() === true) {
      const disk = `device${placed.deviceDisks.length}`;
      placed.devices.push({ source: { disk }, target, access });
      const readOnly = !access.includes("w");
      placed.deviceDisks.push({ name: disk, path: source, format: "device", readOnly });
      continue;
    }
    if (found?.isFile() === true || found?.isSocket() === true || found?.isFIFO() === true)
      throw new DvmError(
        "unclassified",
        `error gathering device information while adding custom device "${source}": not a device node`,
      );
    placed.devices.push({ source: { path: source }, target, access });
  }
  return placed;
}

function checkAccess({ access }: RunSpecification["confinement"]["devices"][number]): void {
  if (access === "") throw new DvmError("unclassified", "device access at 0 field cannot be empty");
}

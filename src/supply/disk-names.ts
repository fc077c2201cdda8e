import type { ContainerDisks } from "../agent/agent-client.ts";
import type { DiskSpec } from "../machine/machine.ts";
import { mostDiskBytes } from "../storage/disk-options.ts";
import { scratchBytes } from "../storage/scratch.ts";

/** What all images' disks seem to hold. */
const imageBytes = 2 ** 40;

/** The names by which a guest finds the disks of one of its containers; the first is in slot 0. */
export function diskNames(slot: number): ContainerDisks {
  return { image: `image${slot}`, scratch: `scratch${slot}` };
}

/** What is behind the disks of a slot that no container has. */
export function emptyDisks(slot: number): { image: DiskSpec; scratch: DiskSpec } {
  const { image, scratch } = diskNames(slot);
  return {
    image: { name: image, format: "empty", bytes: imageBytes, readOnly: true },
    scratch: { name: scratch, format: "empty", bytes: scratchBytes, readOnly: false },
  };
}

/** A disk of the same name and kind that holds nothing yet, for a machine to be cloned. */
export function emptied({ name, readOnly, ...disk }: DiskSpec): DiskSpec {
  const bytes = disk.format === "empty" ? disk.bytes : mostDiskBytes;
  return { name, format: "empty", bytes, readOnly };
}

/** Disks of a machine for containers that come when it runs. */
export function spareDisks(room: number): DiskSpec[] {
  return Array.from({ length: room }, (_, index) => emptyDisks(index + 1)).flatMap(
    ({ image, scratch }) => [image, scratch],
  );
}

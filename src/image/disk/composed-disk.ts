import { stat, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { join, relative } from "node:path";
import { DvmError } from "../../base/errors.ts";
import type { ComposeRequest } from "./compose-apart.ts";
import { writeErofs } from "./erofs-writer.ts";
import { blockBytes } from "../erofs/erofs-format.ts";
import { layerFiles } from "../layer/layer.ts";
import { mergeLayers } from "./merge-tree.ts";

const sectorBytes = 512;
/** All images' disks seem to be so large, so that one can be put in the place of another. */
const apparentBytes = 2 ** 40;

/** Files of an image's disk in its folder. */
export function diskFiles(folder: string) {
  return { descriptor: join(folder, "disk.vmdk"), metadata: join(folder, "metadata.erofs") };
}

/**
 * Writes the disk of image `id` into the folder `work`, as it will be at `target`: EROFS metadata of
 * its own, and a descriptor that joins it with the data of the layers' folders, which stay where they
 * are. The same layers and id give the same bytes.
 */
export async function writeDisk({ id, target, work, layers }: ComposeRequest): Promise<void> {
  const sized = await Promise.all(layers.map(withPages));
  const root = await mergeLayers(layers);
  const uuid = createHash("sha256").update(id).digest().subarray(0, 16);
  const metadataBytes = await writeErofs(diskFiles(work).metadata, { root, layers: sized, uuid });
  const extents = [
    { bytes: metadataBytes, file: "metadata.erofs" },
    ...sized.map(({ folder, pages }) => ({
      bytes: pages * blockBytes,
      file: relative(target, layerFiles(folder).data),
    })),
  ];
  await writeFile(diskFiles(work).descriptor, vmdkDescriptor(extents), { mode: 0o600 });
}

async function withPages(folder: string): Promise<{ folder: string; pages: number }> {
  const { size } = await stat(layerFiles(folder).data);
  return { folder, pages: size / blockBytes };
}

interface Extent {
  bytes: number;
  /** As the descriptor's reader finds it: absolute, or from the descriptor's folder. */
  file: string;
}

/**
 * The text of a VMDK descriptor of flat extents, and zeros up to the size that all disks have
 * (VMware, "Virtual Disk Format 5.0"). No empty line may stand before an extent: the first one would be read twice then.
 */
export function vmdkDescriptor(extents: readonly Extent[]): string {
  const paddingBytes = apparentBytes - extents.reduce((sum, { bytes }) => sum + bytes, 0);
  const padding = paddingBytes > 0 ? [`RW ${paddingBytes / sectorBytes} ZERO`] : [];
  const lines = extents
    .filter(({ bytes }) => bytes > 0)
    .map(({ bytes, file }) => {
      if (/["\n]/.test(file))
        throw new DvmError("invalid", `cannot make a disk of ${JSON.stringify(file)}`);
      return `RW ${bytes / sectorBytes} FLAT "${file}" 0`;
    });
  return [
    "# Disk DescriptorFile",
    "version=1",
    "CID=fffffffe",
    "parentCID=ffffffff",
    'createType="twoGbMaxExtentFlat"',
    "# Extent description",
    ...lines,
    ...padding,
    "# The Disk Data Base",
    'ddb.virtualHWVersion = "4"',
    'ddb.adapterType = "ide"',
    "",
  ].join("\n");
}

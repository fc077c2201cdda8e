import { bytesOnDisk } from "../../host/bytes-on-disk.ts";
import { volumePlace } from "../../storage/volume-disk.ts";
import type { ContainerRecord, VolumeRecord } from "../records.ts";
import type { Engine, Image } from "../core.ts";
import { volumeUsers } from "../volumes.ts";

/** What DVM's things take on the host's disk, in bytes. */
export interface DiskUsage {
  /** All layers and composed disks. */
  imageStoreBytes: number;
  /** `sharedBytes`: of layers that other images have too. */
  images: { image: Image; bytes: number; sharedBytes: number }[];
  containers: { record: ContainerRecord; bytes: number }[];
  volumes: { volume: VolumeRecord; bytes: number; users: number }[];
  templates: { count: number; bytes: number };
}

export async function diskUsage(engine: Engine): Promise<DiskUsage> {
  const { images, templates, places } = engine.parts;
  const records = engine.containers.list();
  const layers = new Map(images.database.layers().map((layer) => [layer.diffId, layer]));
  const saved = await templates.list();
  return {
    imageStoreBytes: await images.diskBytes(),
    images: images.list().map((image) => {
      const own = [...new Set(image.layers)].flatMap((diffId) => layers.get(diffId) ?? []);
      const sum = (some: typeof own) => some.reduce((bytes, one) => bytes + one.diskBytes, 0);
      return {
        image,
        bytes: sum(own),
        sharedBytes: sum(own.filter((layer) => layer.images > 1)),
      };
    }),
    containers: await Promise.all(
      records.map(async (record) => ({ record, bytes: await scratchBytesOf(engine, record.id) })),
    ),
    volumes: await Promise.all(
      engine.state.volumes().map(async (volume) => ({
        volume,
        bytes: await bytesOnDisk(volumePlace(places.dataRoot, volume)),
        users: volumeUsers(engine, volume.name).length,
      })),
    ),
    templates: {
      count: saved.length,
      bytes: saved.reduce((sum, { diskBytes }) => sum + diskBytes, 0),
    },
  };
}

/** What a container's own disk takes; 0 before its first start. */
export async function scratchBytesOf(engine: Engine, id: string): Promise<number> {
  return bytesOnDisk(engine.scratchPath(id));
}

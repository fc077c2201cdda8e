import { z } from "zod";
import { diskUsage } from "../engine/upkeep.ts";
import type { Engine } from "../engine/core.ts";
import { describeVolume } from "../engine/volumes.ts";
import { summarizeContainer } from "./container-list.ts";
import { summarizeImage } from "./image-list.ts";
import { parse } from "./query.ts";

const kinds = ["container", "image", "volume", "build-cache"] as const;
const querySchema = z.object({
  type: z
    .union([z.enum(kinds).transform((one) => [one]), z.array(z.enum(kinds))])
    .default([...kinds]),
});

/** `GET /system/df`; templates are DVM's own and told under `Dvm`. */
export async function describeUsage(engine: Engine, query: unknown) {
  const { type: wanted } = parse(querySchema, query, "query");
  const usage = await diskUsage(engine);
  const images = usage.images.map(({ image, bytes, sharedBytes }) => ({
    ...summarizeImage(engine, image),
    Size: bytes,
    VirtualSize: bytes,
    SharedSize: sharedBytes,
  }));
  const containers = usage.containers.map(({ record, bytes }) => ({
    ...summarizeContainer(record),
    SizeRw: bytes,
    SizeRootFs: bytes + (images.find(({ Id }) => Id === record.run.imageId)?.Size ?? 0),
  }));
  const volumes = usage.volumes.map(({ volume, bytes, users }) => ({
    ...describeVolume(engine, volume),
    UsageData: { Size: bytes, RefCount: users },
  }));
  return {
    ...(wanted.includes("image") ? { LayersSize: usage.imageStoreBytes, Images: images } : {}),
    ...(wanted.includes("container") ? { Containers: containers } : {}),
    ...(wanted.includes("volume") ? { Volumes: volumes } : {}),
    ...(wanted.includes("build-cache") ? { BuildCache: [], BuilderSize: 0 } : {}),
    Dvm: { Templates: { Count: usage.templates.count, Size: usage.templates.bytes } },
  };
}

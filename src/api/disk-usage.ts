import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { DvmError } from "../base/errors.ts";
import { diskUsage } from "../engine/upkeep.ts";
import type { Engine } from "../engine/core.ts";
import { describeVolume } from "../engine/volumes.ts";
import { asksBefore } from "./api-version.ts";
import { summarizeContainers } from "./container-list.ts";
import { summarizeImage } from "./image-list.ts";
import { listParameter, parse } from "./query.ts";

const kinds = ["container", "image", "volume", "build-cache"];

/** `GET /system/df`; templates are DVM's own and told under `Dvm`. */
export async function describeUsage(engine: Engine, request: FastifyRequest) {
  const wanted = kindsAsked(request);
  const usage = await diskUsage(engine);
  const images = usage.images.map(({ image, bytes, sharedBytes }) => ({
    ...summarizeImage(engine, image),
    RepoTags: image.references.length === 0 ? null : image.references,
    RepoDigests: image.digests.length === 0 ? null : image.digests,
    Containers: usage.containers.filter(({ record }) => record.run.imageId === image.id).length,
    Size: bytes,
    SharedSize: sharedBytes,
    ...(asksBefore(request, "1.44") ? { VirtualSize: bytes } : {}),
  }));
  const records = usage.containers.map(({ record }) => record);
  const summaries = summarizeContainers(engine, records);
  const containers = usage.containers.map(({ record, bytes }, index) => ({
    ...summaries[index],
    ...(bytes === 0 ? {} : { SizeRw: bytes }),
    SizeRootFs: bytes + (images.find(({ Id }) => Id === record.run.imageId)?.Size ?? 0),
  }));
  const volumes = usage.volumes.map(({ volume, bytes, users }) => ({
    ...describeVolume(engine, volume),
    UsageData: { Size: bytes, RefCount: users },
  }));
  const only = <T>(kind: string, list: T): T | null => (wanted.includes(kind) ? list : null);
  return {
    LayersSize: wanted.includes("image") ? usage.imageStoreBytes : 0,
    Images: only("image", images),
    Containers: only("container", containers),
    Volumes: only("volume", volumes),
    BuildCache: only("build-cache", []),
    Dvm: { Templates: { Count: usage.templates.count, Size: usage.templates.bytes } },
  };
}

/** Before API 1.42 everything was told. */
function kindsAsked(request: FastifyRequest): string[] {
  const { type } = parse(z.object({ type: listParameter }), request.query, "query");
  if (asksBefore(request, "1.42") || type.length === 0) return kinds;
  const wrong = type.find((kind) => !kinds.includes(kind));
  if (wrong !== undefined) throw new DvmError("invalid", `unknown object type: ${wrong}`);
  return type;
}

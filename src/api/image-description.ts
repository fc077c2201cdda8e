import { z } from "zod";
import type { Engine, Image } from "../engine/core.ts";
import type { ImageTrust } from "../engine/images.ts";
import { unixSeconds } from "./image-list.ts";
import { describeTrust } from "./trust-description.ts";

const text = z.string().nullish().catch(undefined);
/** What only people look at: a part that doesn't fit is left out. */
const looseConfig = z.object({
  author: text,
  comment: text,
  docker_version: text,
  variant: text,
  config: z.record(z.string(), z.unknown()).nullish().catch(undefined),
  history: z
    .array(
      z.object({
        created: text,
        created_by: text,
        author: text,
        comment: text,
        empty_layer: z.boolean().nullish().catch(undefined),
      }),
    )
    .nullish()
    .catch(undefined),
});

/** `GET /images/{name}/json`. */
export function describeImage(image: Image, trust: ImageTrust) {
  const { config } = image;
  const raw = looseConfig.parse(image.rawConfig);
  const last = raw.history?.at(-1);
  return {
    Id: image.id,
    RepoTags: image.references,
    RepoDigests: image.digests,
    Parent: image.parent ?? "",
    Comment: last?.comment ?? raw.comment ?? "",
    Created: image.createdAt,
    DockerVersion: raw.docker_version ?? "",
    Author: raw.author ?? "",
    Config: {
      ...raw.config,
      User: config.user,
      ExposedPorts: Object.fromEntries(config.exposedPorts.map((port) => [port, {}])),
      Env: config.env.length === 0 ? null : config.env,
      Entrypoint: config.entrypoint ?? null,
      Cmd: config.cmd ?? null,
      Volumes:
        config.volumes.length === 0
          ? null
          : Object.fromEntries(config.volumes.map((path) => [path, {}])),
      WorkingDir: config.workingDir,
      Labels: Object.keys(config.labels).length === 0 ? null : config.labels,
      ...(config.stopSignal === undefined ? {} : { StopSignal: config.stopSignal }),
    },
    Architecture: image.architecture,
    ...(raw.variant ? { Variant: raw.variant } : {}),
    Os: image.os,
    Size: image.sizeBytes,
    VirtualSize: image.sizeBytes,
    GraphDriver: { Name: "erofs", Data: null },
    RootFS: { Type: "layers", Layers: image.layers },
    Metadata: { LastTagTime: image.namedAt ?? "0001-01-01T00:00:00Z" },
    Dvm: { Trust: describeTrust(trust) },
  };
}

/** `GET /images/{name}/history`: newest first. Steps and layers are told apart as the image says. */
export function imageHistory(engine: Engine, image: Image) {
  const sizes = new Map(
    engine.parts.images.database.layers().map((layer) => [layer.diffId, layer.contentBytes]),
  );
  const left = [...image.layers];
  const steps = looseConfig.parse(image.rawConfig).history ?? [];
  const told = steps.map((step) => {
    const diffId = step.empty_layer === true ? undefined : left.shift();
    return { ...step, bytes: sizes.get(diffId ?? "") ?? 0 };
  });
  const untold = left.map((diffId) => ({
    created: image.createdAt,
    created_by: "",
    comment: "",
    bytes: sizes.get(diffId) ?? 0,
  }));
  return [...told, ...untold].reverse().map((step, index) => ({
    Id: index === 0 ? image.id : "<missing>",
    Created: unixSeconds(step.created ?? ""),
    CreatedBy: step.created_by ?? "",
    Tags: index === 0 && image.references.length > 0 ? image.references : null,
    Size: step.bytes,
    Comment: step.comment ?? "",
  }));
}

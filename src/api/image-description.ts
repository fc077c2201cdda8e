import { z } from "zod";
import { goTime, neverTime } from "../base/timestamps.ts";
import type { Engine, Image } from "../engine/core.ts";
import type { ImageTrust } from "../engine/images.ts";
import { type ApiVersion, isOlder } from "./api-version.ts";
import { unixSeconds } from "./image-list.ts";
import { describeTrust } from "./trust-description.ts";

const text = z.string().nullish().catch(undefined);
/** What only people look at: a part that doesn't fit is left out. */
const looseConfig = z.object({
  author: text,
  comment: text,
  container: text,
  docker_version: text,
  variant: text,
  "os.version": text,
  container_config: z.record(z.string(), z.unknown()).nullish().catch(undefined),
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
type LooseConfig = z.infer<typeof looseConfig>;

/** `GET /images/{name}/json`. */
export function describeImage(image: Image, trust: ImageTrust, version: ApiVersion) {
  const raw = looseConfig.parse(image.rawConfig);
  const last = raw.history?.at(-1);
  return {
    Id: image.id,
    RepoTags: image.references,
    RepoDigests: image.digests,
    Parent: image.parent ?? "",
    Comment: raw.comment || (last?.comment ?? ""),
    ...(image.createdAt === neverTime && !isOlder(version, "1.44")
      ? {}
      : { Created: goTime(image.createdAt) }),
    ...(isOlder(version, "1.45") ? buildContainer(raw) : {}),
    DockerVersion: raw.docker_version ?? "",
    Author: raw.author ?? "",
    Config: describeConfig(image, raw, version),
    Architecture: image.architecture,
    ...(raw.variant ? { Variant: raw.variant } : {}),
    Os: image.os,
    ...(raw["os.version"] ? { OsVersion: raw["os.version"] } : {}),
    Size: image.sizeBytes,
    ...(isOlder(version, "1.44") ? { VirtualSize: image.sizeBytes } : {}),
    GraphDriver: { Data: null, Name: "erofs" },
    RootFS: {
      Type: "layers",
      ...(image.layers.length === 0 ? {} : { Layers: image.layers }),
    },
    Metadata: { LastTagTime: goTime(image.taggedAt ?? neverTime) },
    Dvm: { Trust: describeTrust(trust) },
  };
}

/** Of the container that an image was committed from. */
function buildContainer({ container, container_config: given }: LooseConfig) {
  return {
    ...(container ? { Container: container } : {}),
    ContainerConfig: { ...noConfig, ...noContainer, ...given },
  };
}

/** Fields that are shown, empty or not. */
const noConfig = {
  Cmd: null,
  Entrypoint: null,
  Env: null,
  Labels: null,
  OnBuild: null,
  User: "",
  Volumes: null,
  WorkingDir: "",
};
/** Those of a container that the OCI's images don't have; API 1.50 left them out. */
const noContainer = {
  AttachStderr: false,
  AttachStdin: false,
  AttachStdout: false,
  Domainname: "",
  Hostname: "",
  Image: "",
  OpenStdin: false,
  StdinOnce: false,
  Tty: false,
};
/** What Docker adds to the OCI's fields. */
const dockerFields = ["Healthcheck", "OnBuild", "Shell", "ArgsEscaped"];

function describeConfig({ config }: Image, raw: LooseConfig, version: ApiVersion) {
  const keys = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, {}]));
  const given = {
    Cmd: config.cmd,
    Entrypoint: config.entrypoint,
    Env: config.env,
    ExposedPorts: keys(config.exposedPorts),
    Labels: config.labels,
    StopSignal: config.stopSignal,
    User: config.user,
    Volumes: keys(config.volumes),
    WorkingDir: config.workingDir,
    ...Object.fromEntries(dockerFields.map((name) => [name, raw.config?.[name]])),
  };
  const told = Object.entries(given).filter(([, value]) => !isEmpty(value));
  return {
    ...noConfig,
    ...(isOlder(version, "1.50") ? noContainer : {}),
    ...Object.fromEntries(told),
  };
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === false) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
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
  const chain = withParents(engine, image);
  return [...told, ...untold].reverse().map((step, index) => ({
    Id: chain[index]?.id ?? "<missing>",
    Created: unixSeconds(step.created ?? ""),
    CreatedBy: step.created_by ?? "",
    Tags: (chain[index]?.references.length ?? 0) > 0 ? chain[index]?.references : null,
    Size: step.bytes,
    Comment: step.comment ?? "",
  }));
}

/** The image, that which it was committed on, and so on. */
function withParents({ parts }: Engine, image: Image): Image[] {
  const byId = new Map(parts.images.list().map((one) => [one.id, one]));
  const chain = [image];
  for (;;) {
    const parent = byId.get(chain.at(-1)?.parent ?? "");
    if (parent === undefined || chain.includes(parent)) return chain;
    chain.push(parent);
  }
}

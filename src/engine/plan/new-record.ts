import { egressLabel } from "../../network/egress/egress-policy.ts";
import { hostname } from "node:os";
import { posix } from "node:path";
import { DvmError } from "../../base/errors.ts";
import type { Healthcheck } from "../../base/health-fields.ts";
import { shortId } from "../../base/ids.ts";
import { timestamp } from "../../base/timestamps.ts";
import type { Image } from "../../image/store/image-types.ts";
import {
  type ContainerConfig,
  type ContainerRecord,
  type DockerRequest,
  noRestarts,
  specifyRun,
} from "../records.ts";
import { type MountSources, resolveMounts } from "./mounts.ts";
import { requestedPorts } from "./port-map.ts";

interface NewContainer {
  id: string;
  name: string;
  image: Image;
  sources: MountSources;
}

/** A container of an image that nobody knows of yet. Its volumes are named, not made. */
export async function newRecord(
  request: DockerRequest,
  { id, name, image, sources }: NewContainer,
): Promise<ContainerRecord> {
  const config = mergeConfig(request.config, image, id);
  checkCommand(config);
  const { hostConfig } = request;
  const run = specifyRun(
    {
      ...request,
      config: hostConfig.UTSMode === "host" ? { ...config, Hostname: hostname() } : config,
    },
    {
      imageId: image.id,
      mounts: await resolveMounts(hostConfig, Object.keys(config.Volumes ?? {}), sources),
      ports: requestedPorts(hostConfig, Object.keys(config.ExposedPorts)),
    },
  );
  return {
    ...{ id, name, run },
    createdAt: timestamp(),
    imageName: config.Image,
    labels: config.Labels,
    request: { ...request, config },
    restartCount: 0,
    restart: noRestarts,
    state: { kind: "created" },
  };
}

function checkCommand({ Entrypoint, Cmd }: ContainerConfig): void {
  const [program] = [...(Entrypoint ?? []), ...(Cmd ?? [])];
  if (program === undefined) throw new DvmError("invalid", "no command specified");
}

/** As Go's filepath.Clean says it. */
function cleanFolder(path: string): string {
  return path.startsWith("/") ? posix.resolve(path) : path;
}

/** What the image says, overridden by what the user says; an entrypoint of the user's drops the image's command. */
function mergeConfig(config: ContainerConfig, image: Image, id: string): ContainerConfig {
  const base = image.config;
  const ownEntrypoint = (config.Entrypoint ?? []).length > 0;
  const entrypoint = config.Entrypoint ?? base.entrypoint ?? null;
  const inherited = ownEntrypoint ? null : (base.cmd ?? null);
  return {
    ...config,
    Hostname: config.Hostname === "" ? shortId(id) : config.Hostname,
    User: config.User === "" ? base.user : config.User,
    Env: noneAsNull(mergeEnvironment(base.env, config.Env ?? [])),
    Entrypoint: entrypoint?.length === 1 && entrypoint[0] === "" ? null : entrypoint,
    Cmd: config.Cmd !== null && config.Cmd.length > 0 ? config.Cmd : inherited,
    WorkingDir: cleanFolder(config.WorkingDir === "" ? base.workingDir : config.WorkingDir),
    Labels: { ...withoutEgress(base.labels), ...config.Labels },
    ExposedPorts: {
      ...Object.fromEntries(base.exposedPorts.map((port) => [port, {}])),
      ...config.ExposedPorts,
    },
    Volumes: mergeVolumes(base.volumes, config.Volumes),
    StopSignal: config.StopSignal ?? base.stopSignal,
    Healthcheck: mergeHealth(config.Healthcheck, base.healthcheck),
    Shell: config.Shell === null || config.Shell.length === 0 ? (base.shell ?? null) : config.Shell,
  };
}

/** What the user doesn't say of a check is the image's. */
function mergeHealth(
  given: ContainerConfig["Healthcheck"],
  ofImage: Healthcheck | undefined,
): ContainerConfig["Healthcheck"] {
  if (given === null || ofImage === undefined) return given ?? ofImage ?? null;
  const { Test = [] } = given;
  return {
    Test: Test.length === 0 ? ofImage.Test : Test,
    Interval: given.Interval ?? ofImage.Interval,
    Timeout: given.Timeout ?? ofImage.Timeout,
    StartPeriod: given.StartPeriod ?? ofImage.StartPeriod,
    StartInterval: given.StartInterval ?? ofImage.StartInterval,
    Retries: given.Retries ?? ofImage.Retries,
  };
}

/** Docker shows none as null where nobody gave a map. */
function mergeVolumes(
  declared: readonly string[],
  given: ContainerConfig["Volumes"],
): ContainerConfig["Volumes"] {
  const merged = { ...Object.fromEntries(declared.map((path) => [path, {}])), ...given };
  return Object.keys(merged).length === 0 ? null : merged;
}

function noneAsNull(list: string[]): string[] | null {
  return list.length === 0 ? null : list;
}

/** `base`, of which `over` replaces what has the same name. */
export function mergeEnvironment(base: readonly string[], over: readonly string[]): string[] {
  const names = new Set(over.map((entry) => entry.split("=", 1)[0]));
  return [...over, ...base.filter((entry) => !names.has(entry.split("=", 1)[0]))];
}

/** What a container may reach is not for its image to say. */
function withoutEgress(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => name !== egressLabel));
}

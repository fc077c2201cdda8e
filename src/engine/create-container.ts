import { mkdir, rm } from "node:fs/promises";
import { DvmError } from "../base/errors.ts";
import { newId, newMacAddress, newName } from "../base/ids.ts";
import type { Image } from "../image/store/image-types.ts";
import { checkPlatform, parsePlatform } from "../image/registry/choose-platform.ts";
import { capabilityMask } from "./capability-mask.ts";
import type { ContainerConfig, HostConfig } from "./container-config.ts";
import { shortId, timestamp, type ContainerRecord } from "./container-record.ts";
import type { Engine } from "./engine.ts";
import { requireTrust } from "./image-trust.ts";
import { checkResources } from "./machine-plan.ts";
import { resolveMountPoints } from "./mount-points.ts";
import { requestedPorts } from "./port-map.ts";
import { hasNoNewPrivileges } from "./process-spec.ts";
import { resourceLimits } from "./resource-limits.ts";
import { signalNumber } from "./signals.ts";
import { ensureVolume } from "./volumes.ts";

export interface CreateRequest {
  name: string | undefined;
  /** Such as `linux/amd64`: the image must be for it. */
  platform?: string | undefined;
  config: ContainerConfig;
  hostConfig: HostConfig;
}

const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;
const networkModes = new Set(["default", "bridge", "none", ""]);

/** Makes a container of an image: its record and its volumes. Starts nothing. */
export async function createContainer(
  engine: Engine,
  request: CreateRequest,
): Promise<ContainerRecord> {
  const image = engine.parts.images.find(request.config.Image);
  if (request.platform !== undefined)
    checkPlatform(request.config.Image, image, parsePlatform(request.platform));
  await requireTrust(engine, image, request.config.Image);
  const id = newId();
  let record = await newRecord(engine, { ...request, id, image });
  checkRequest(record, engine.parts.hostCpus);
  for (const mount of record.mounts) {
    if (mount.Type === "volume")
      mount.Source = await ensureVolume(engine, mount.Name ?? "", mount.anonymous ?? false);
  }
  const folder = engine.containerFolder(id);
  try {
    await mkdir(folder, { mode: 0o700 });
    // the name may have been taken meanwhile
    record = { ...record, name: checkName(engine, request.name ?? freeName(engine)) };
    engine.save(record);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  engine.announce("create", record);
  return record;
}

/** A container of an image that nobody knows of yet. */
export async function newRecord(
  engine: Engine,
  { id, image, ...request }: CreateRequest & { id: string; image: Image },
): Promise<ContainerRecord> {
  const config = mergeConfig(request.config, image, id);
  const [path, ...args] = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  if (path === undefined) throw new DvmError("invalid", "no command specified");
  if (path === "") throw new DvmError("invalid", "cannot start a container: its command is empty");
  return {
    id,
    name: checkName(engine, request.name ?? freeName(engine)),
    createdAt: timestamp(),
    imageId: image.id,
    config,
    hostConfig: request.hostConfig,
    path,
    args,
    mounts: await resolveMountPoints({
      hostConfig: request.hostConfig,
      declaredVolumes: Object.keys(config.Volumes ?? {}),
    }),
    mac: newMacAddress(),
    ports: [],
    requestedPorts: requestedPorts(request.hostConfig, Object.keys(config.ExposedPorts)),
    restartCount: 0,
    state: { kind: "created" },
  };
}

/** What the image says, overridden by what the user says; an entrypoint of the user's drops the image's command. */
function mergeConfig(config: ContainerConfig, image: Image, id: string): ContainerConfig {
  const base = image.config;
  const ownEntrypoint = config.Entrypoint !== null;
  const entrypoint = config.Entrypoint ?? base.entrypoint ?? null;
  const inherited = ownEntrypoint ? null : (base.cmd ?? null);
  return {
    ...config,
    Hostname: config.Hostname === "" ? shortId(id) : config.Hostname,
    User: config.User === "" ? base.user : config.User,
    Env: mergeEnvironment(base.env, config.Env),
    Entrypoint: entrypoint?.length === 1 && entrypoint[0] === "" ? null : entrypoint,
    Cmd: config.Cmd !== null && config.Cmd.length > 0 ? config.Cmd : inherited,
    WorkingDir: config.WorkingDir === "" ? base.workingDir : config.WorkingDir,
    Labels: { ...base.labels, ...config.Labels },
    ExposedPorts: {
      ...Object.fromEntries(base.exposedPorts.map((port) => [port, {}])),
      ...config.ExposedPorts,
    },
    Volumes: {
      ...Object.fromEntries(base.volumes.map((path) => [path, {}])),
      ...config.Volumes,
    },
    StopSignal: config.StopSignal ?? base.stopSignal,
  };
}

/** `base`, of which `over` replaces what has the same name. */
export function mergeEnvironment(base: readonly string[], over: readonly string[]): string[] {
  const names = new Set(over.map((entry) => entry.split("=", 1)[0]));
  return [...over, ...base.filter((entry) => !names.has(entry.split("=", 1)[0]))];
}

/** Says now what would otherwise fail at the start. */
function checkRequest(record: ContainerRecord, hostCpus: number): void {
  const { config, hostConfig } = record;
  checkResources(record, hostCpus);
  capabilityMask({ add: hostConfig.CapAdd, drop: hostConfig.CapDrop, privileged: false });
  resourceLimits(hostConfig.Ulimits);
  hasNoNewPrivileges(hostConfig.SecurityOpt);
  if (config.StopSignal !== undefined && config.StopSignal !== "") signalNumber(config.StopSignal);
  if (config.WorkingDir !== "" && !config.WorkingDir.startsWith("/")) {
    throw new DvmError(
      "invalid",
      `the working directory '${config.WorkingDir}' is invalid, it needs to be an absolute path`,
    );
  }
  if (!networkModes.has(hostConfig.NetworkMode)) {
    throw new DvmError("not-found", `network ${hostConfig.NetworkMode} not found`, {
      hint: "DVM knows the networks default, bridge and none",
    });
  }
}

/** Gives back `name` if a container may have it. */
export function checkName(engine: Engine, given: string): string {
  const name = given.replace(/^\//, "");
  if (!namePattern.test(name)) {
    throw new DvmError(
      "invalid",
      `Invalid container name (${given}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    );
  }
  const holder = engine.containers().find((one) => one.name === name);
  if (holder !== undefined) {
    throw new DvmError(
      "conflict",
      `Conflict. The container name "/${name}" is already in use by container "${holder.id}". You have to remove (or rename) that container to be able to reuse that name.`,
    );
  }
  return name;
}

function freeName(engine: Engine): string {
  const taken = new Set(engine.containers().map((one) => one.name));
  for (let attempt = 0; ; attempt += 1) {
    const name = newName(attempt);
    if (!taken.has(name)) return name;
  }
}

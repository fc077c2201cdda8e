import { mkdir, rm } from "node:fs/promises";
import { DvmError } from "../../base/errors.ts";
import { newId } from "../../base/ids.ts";
import { checkPlatform, parsePlatform } from "../../image/registry/choose-platform.ts";
import { checkAccelerator } from "../../machine/support.ts";
import type { Engine } from "../core.ts";
import { requireTrust } from "../images.ts";
import {
  capabilityMask,
  checkResources,
  checkSecurityOptions,
  newRecord,
  parseSignal,
} from "../plan.ts";
import { type ContainerRecord, type DockerRequest } from "../records.ts";
import { ensureVolume } from "../volumes.ts";
import { removeAnonymousVolumes } from "./anonymous-volumes.ts";
import { withDaemonDefaults } from "./daemon-defaults.ts";
import { cleanName, freeName } from "./container-name.ts";
import { resolveSharedNetwork } from "./shared-network.ts";

export interface CreateRequest extends DockerRequest {
  name: string | undefined;
  /** Such as `linux/amd64`: the image must be for it. */
  platform?: string | undefined;
}

/** Makes a container of an image: its record and its volumes. Starts nothing. */
export async function createContainer(
  engine: Engine,
  { name: wanted, platform, ...asked }: CreateRequest,
): Promise<ContainerRecord> {
  const { containers } = engine;
  checkStopSignal(asked);
  const request = resolveSharedNetwork(
    containers,
    withDaemonDefaults(asked, engine.parts.settings()),
  );
  const image = engine.parts.images.find(request.config.Image);
  if (platform !== undefined) checkPlatform(request.config.Image, image, parsePlatform(platform));
  await requireTrust(engine, image, request.config.Image);
  const name = wanted === undefined ? freeName(containers) : cleanName(wanted);
  containers.requireFreeName(name);
  const record = await newRecord(request, { id: newId(), name, image });
  checkRequest(record, engine.parts.hostCpus);
  checkAccelerator(engine.parts.hypervisor, record.run.machine.accelerator ?? "auto");
  const folder = engine.containerFolder(record.id);
  try {
    await makeVolumes(engine, record);
    await mkdir(folder, { mode: 0o700 });
    containers.add(wanted === undefined ? { ...record, name: freeName(containers) } : record);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    await removeAnonymousVolumes(engine, record);
    throw error;
  }
  const made = containers.find(record.id);
  engine.announce("create", made);
  return made;
}

async function makeVolumes(engine: Engine, { run }: ContainerRecord): Promise<void> {
  for (const mount of run.mounts) {
    if (mount.kind !== "volume") continue;
    const { volume = "", anonymous = false } = mount;
    mount.source = await ensureVolume(engine, volume, anonymous);
  }
}

/** That there is no such number, a stop finds out; what an image says is looked at then, too. */
function checkStopSignal({ config: { StopSignal = "" } }: DockerRequest): void {
  if (StopSignal !== "") parseSignal(StopSignal);
}

/** Says now what would otherwise fail at the start. */
function checkRequest(record: ContainerRecord, hostCpus: number): void {
  const { run, request } = record;
  const { config, hostConfig } = request;
  checkResources(run.limits, hostCpus);
  capabilityMask({ ...run.process.capabilities, privileged: false });
  checkSecurityOptions(hostConfig.SecurityOpt);
  if (config.WorkingDir !== "" && !config.WorkingDir.startsWith("/")) {
    throw new DvmError(
      "invalid",
      `the working directory '${config.WorkingDir}' is invalid, it needs to be an absolute path`,
    );
  }
  checkNetworks(request);
}

/** Whether a network is there is seen at the start, as with Docker. */
function checkNetworks({ endpoints }: DockerRequest): void {
  if (Object.values(endpoints).some(({ Aliases }) => (Aliases ?? []).length > 0))
    throw new DvmError(
      "invalid",
      "network-scoped aliases are only supported for user-defined networks",
    );
}

import { mkdir, rm } from "node:fs/promises";
import { newId } from "../../base/ids.ts";
import { checkPlatform, parsePlatform } from "../../image/registry/choose-platform.ts";
import { checkAccelerator } from "../../machine/support.ts";
import { makeScratchDisk } from "../../storage/scratch.ts";
import type { Engine } from "../core.ts";
import { requireTrust } from "../images.ts";
import { resolveNetworks } from "../networks.ts";
import { checkRequest, mountSources, newRecord } from "../plan.ts";
import type { ContainerRecord, DockerRequest, NetworkRecord } from "../records.ts";
import { ensureVolume } from "../volumes.ts";

import { removeAnonymousVolumes } from "./anonymous-volumes.ts";
import { runByDaemonDefaults, withDaemonDefaults } from "./daemon-defaults.ts";
import { cleanName, freeName } from "./container-name.ts";
import { resolveLinks } from "./links.ts";
import { resolveSharedNamespaces } from "./shared-namespaces.ts";

export interface CreateRequest extends DockerRequest {
  name: string | undefined;
  /** Such as `linux/amd64`: the image must be for it. */
  platform?: string | undefined;
}

export interface CreatedContainer {
  record: ContainerRecord;
  /** What isn't as it was asked for, in Docker's words where it has some. */
  warnings: string[];
}

/** Makes a container of an image: its record and its volumes. Starts nothing. */
export async function createContainer(
  engine: Engine,
  { name: wanted, platform, ...asked }: CreateRequest,
): Promise<CreatedContainer> {
  const { containers } = engine;
  const checked = checkRequest(withDaemonDefaults(asked, engine.parts.settings()), {
    hostCpus: engine.parts.hostCpus,
    findNetwork: (name) => networkNamed(engine, name),
  });
  const request = resolveNetworks(
    engine.networks,
    resolveSharedNamespaces(containers, checked.request),
  );
  const image = engine.parts.images.find(request.config.Image);
  if (platform !== undefined) checkPlatform(request.config.Image, image, parsePlatform(platform));
  await requireTrust(engine, image, request.config.Image);
  const name = wanted === undefined ? freeName(containers) : cleanName(wanted);
  containers.requireFreeName(name);
  const made = runByDaemonDefaults(
    await newRecord(request, {
      ...{ id: newId(), name, image },
      sources: mountSources(engine),
    }),
    engine.parts.settings().containerDefaults,
  );
  const links = resolveLinks(containers, request);
  const record = { ...made, run: { ...made.run, links } };
  checkAccelerator(engine.parts.hypervisor, record.run.machine.accelerator ?? "auto");
  const folder = engine.containerFolder(record.id);
  try {
    await makeVolumes(engine, record);
    await mkdir(folder, { mode: 0o700 });
    await makeDisk(engine, record);
    containers.add(wanted === undefined ? { ...record, name: freeName(containers) } : record);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    await removeAnonymousVolumes(engine, record);
    throw error;
  }
  const added = containers.find(record.id);
  engine.announce("create", added);
  const warnings = checked.warnings;
  return { record: added, warnings };
}

/** One of another size than all have is made now, others by the first start. */
async function makeDisk(engine: Engine, { id, run }: ContainerRecord): Promise<void> {
  if (run.diskBytes === undefined) return;
  await makeScratchDisk(engine.parts.places.dataRoot, engine.scratchPath(id), run.diskBytes);
}

async function makeVolumes(engine: Engine, { run }: ContainerRecord): Promise<void> {
  for (const mount of run.mounts) {
    if (mount.kind !== "volume") continue;
    mount.source = await ensureVolume(engine, mount);
  }
}

/** One that isn't there may come before the start. */
function networkNamed({ networks }: Engine, name: string): NetworkRecord | undefined {
  try {
    return networks.find(name);
  } catch {
    return undefined;
  }
}

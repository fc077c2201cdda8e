import { requireFileSharing } from "../../machine/support.ts";
import type { Machine } from "../../machine/machine.ts";
import { isVolumeEmpty } from "../../storage/volumes.ts";
import { machineFolder } from "../../supply/machine-folders.ts";
import type { Engine } from "../core.ts";
import type { Mount } from "../records.ts";
import { shareNames } from "../runs.ts";
import { ensureVolume } from "../volumes.ts";
import type { PlacedMount } from "./machine-plan.ts";
import { checkBindSource, makeBindSource } from "./bind-source.ts";
import { requireConnections, specialMount, type SpecialMount } from "./special-mounts.ts";

/** What a run mounts of the host. */
export interface PlacedMounts {
  /** Folders and files. */
  placed: PlacedMount[];
  /** Sockets and devices. */
  specials: SpecialMount[];
}

/** Finds, for this run, where on the host each bind and volume of a container is. */
export async function placeMounts(
  engine: Engine,
  containerId: string,
  mounts: readonly Mount[],
): Promise<PlacedMounts> {
  const placed: PlacedMount[] = [];
  const specials: SpecialMount[] = [];
  const isRoot = process.getuid?.() === 0;
  for (const [index, mount] of mounts.entries()) {
    if (mount.kind === "tmpfs") continue;
    const name = `${shareNames(containerId)}${index}`;
    const special = await specialMount(mount, name);
    if (special !== undefined) {
      requireConnections(engine.parts.hypervisor, special);
      specials.push(special);
      continue;
    }
    const place = mount.kind === "volume" ? placeVolume : placeBind;
    placed.push(await place(engine, mount, { name, isRoot }));
  }
  if (placed.length > 0) requireFileSharing(engine.parts.hypervisor);
  return { placed, specials };
}

/** Lets the guest of a machine have them: before it is told to mount them. */
export async function sharePlaced(
  { parts }: Engine,
  machine: Machine,
  placed: readonly PlacedMount[],
): Promise<void> {
  if (placed.length === 0) return;
  const folder = machineFolder(parts.places.runRoot, machine.id);
  const server = await parts.fileServers.open({ folder, machineSocket: machine.filesSocket });
  await server.add(placed.map(({ share }) => share));
}

interface Naming {
  name: string;
  isRoot: boolean;
}

async function placeVolume(
  engine: Engine,
  mount: Mount,
  { name, isRoot }: Naming,
): Promise<PlacedMount> {
  const { volume = "", anonymous = false } = mount;
  const path = await ensureVolume(engine, volume, anonymous);
  const populate = await isVolumeEmpty(engine.parts.places.dataRoot, volume);
  // the image's files are the guest's to put in, before it mounts the volume read-only
  const readOnly = mount.readOnly && !populate;
  return { mount, share: { name, path, readOnly, owners: isRoot ? "real" : "mapped" }, populate };
}

async function placeBind(_: Engine, mount: Mount, { name, isRoot }: Naming): Promise<PlacedMount> {
  const { source: path, readOnly } = mount;
  await checkBindSource(mount);
  await makeBindSource(mount);
  return {
    mount,
    share: { name, path, readOnly, owners: isRoot ? "real" : "ours" },
    populate: false,
  };
}

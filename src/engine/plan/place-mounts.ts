import { requireFileSharing } from "../../machine/support.ts";
import type { DiskSpec, Machine } from "../../machine/machine.ts";
import { checkVolumePart } from "../../storage/volume-part.ts";
import { isFolderEmpty } from "../../storage/volumes.ts";
import { machineFolder } from "../../supply/machine-folders.ts";
import type { Engine } from "../core.ts";
import type { ContainerRecord, Mount } from "../records.ts";
import { shareNames } from "../runs.ts";
import { leaveVolumes, useVolume, useVolumeDisk } from "../volumes.ts";
import type { DiskMount, PlacedMount } from "./machine-plan.ts";
import { checkBindOptions } from "./bind-options.ts";
import { checkBindSource, makeBindSource } from "./bind-source.ts";
import { requireConnections, specialMount, type SpecialMount } from "./special-mounts.ts";

/** What a run mounts of the host. */
export interface PlacedMounts {
  /** Folders and files. */
  placed: PlacedMount[];
  /** Sockets and devices. */
  specials: SpecialMount[];
  /** Images and volumes that its machine has as disks. */
  diskMounts: DiskMount[];
}

/** Finds, for this run, where on the host each bind and volume of a container is. */
export async function placeMounts(
  engine: Engine,
  containerId: string,
  mounts: readonly Mount[],
): Promise<PlacedMounts> {
  const placed: PlacedMount[] = [];
  const specials: SpecialMount[] = [];
  const diskMounts: DiskMount[] = [];
  const isRoot = process.getuid?.() === 0;
  for (const [index, mount] of mounts.entries()) {
    if (mount.kind === "tmpfs") continue;
    if (mount.kind === "image") {
      const { path } = await engine.parts.images.disk(mount.source);
      const name = `mount${diskMounts.length}`;
      const disk = { name, format: "vmdk", path, readOnly: true } as const;
      diskMounts.push({ kind: "image", mount, disk, populate: false });
      continue;
    }
    const disk = await volumeDiskOf(engine, containerId, { mounts, mount, known: diskMounts });
    if (disk !== undefined) {
      const populate = mount.startsEmpty !== true && mount.subpath === undefined && !disk.readOnly;
      diskMounts.push({ kind: "disk", mount, disk, populate });
      continue;
    }
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
  return { placed, specials, diskMounts };
}

/** A volume that is a disk; one that is mounted twice is one disk. */
async function volumeDiskOf(
  engine: Engine,
  id: string,
  { mounts, mount, known }: { mounts: readonly Mount[]; mount: Mount; known: DiskMount[] },
): Promise<DiskSpec | undefined> {
  if (mount.kind !== "volume") return undefined;
  const before = known.find((one) => one.mount.volume === mount.volume)?.disk;
  if (before !== undefined) return before;
  const more = mounts.filter((one) => one !== mount && one.volume === mount.volume);
  const content = await useVolumeDisk(engine, { id }, [mount, ...more]);
  return content && { name: `volume${known.length}`, ...content };
}

/** Once nothing of a container runs: what was used for its mounts is let go. */
export function leaveMounts(engine: Engine, record: ContainerRecord): void {
  leaveVolumes(engine, record);
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
  const path = await useVolume(engine, mount, { isRoot });
  if (mount.subpath !== undefined) await checkVolumePart(path, mount.subpath);
  const populate =
    mount.startsEmpty !== true && mount.subpath === undefined && (await isFolderEmpty(path));
  // the image's files are the guest's to put in, before it mounts the volume read-only
  const readOnly = mount.readOnly && !populate;
  const owners = isRoot ? "real" : "mapped";
  return { mount, share: { name, path, readOnly, owners, watched: false }, populate };
}

async function placeBind(_: Engine, mount: Mount, { name, isRoot }: Naming): Promise<PlacedMount> {
  const { source: path, readOnly } = mount;
  await checkBindSource(mount);
  await checkBindOptions(mount);
  await makeBindSource(mount);
  return {
    mount,
    share: { name, path, readOnly, owners: isRoot ? "real" : "ours", watched: true },
    populate: false,
  };
}

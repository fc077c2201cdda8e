import { randomBytes } from "node:crypto";
import { newMacAddress } from "../../base/ids.ts";
import { tapName } from "../../network/switch/switch-types.ts";
import { cardsOf } from "./cards.ts";
import { overlapping } from "../../network/port-overlap.ts";
import { userNetwork } from "../../network/user-network.ts";
import type {
  ContainerLimits,
  ContainerSetup,
  GuestDevice,
  GuestMount,
  MachineSetup,
} from "../../agent/agent-client.ts";
import type { Kernel } from "../../kernel/kernel-catalogue.ts";
import type {
  DiskContent,
  DiskSpec,
  MachineSpec,
  NicSpec,
  TapSource,
} from "../../machine/machine.ts";
import type { SharedPath } from "../../sharing/shared-path.ts";
import { diskNames, spareDisks } from "../../supply/disk-names.ts";
import type { BoundPort, Mount, RunEndpoint, RunSpecification } from "../records.ts";
import { type ConfiningKernel, confinementOf } from "./confinement.ts";
import { containerLimits } from "./container-limits.ts";
import { type MachinePlaces, sharePlaces } from "./machine-places.ts";
import { machineCpus, memoryMiB } from "./machine-size.ts";
import type { PlannedNaming } from "./plan-naming.ts";
import type { SpecialMount } from "./special-mounts.ts";
import { userCard } from "./user-card.ts";

/** A mount whose source on the host is known, and shared. */
export interface PlacedMount {
  mount: Mount;
  share: SharedPath;
  /** The volume is empty: the image's files go in first. */
  populate: boolean;
}

/** An image, or a volume, that its machine has as a disk. */
export interface DiskMount {
  kind: "image" | "disk";
  mount: Mount;
  disk: DiskSpec;
  /** The image's files go in first, if the guest finds the volume empty. */
  populate: boolean;
}

export interface MachinePlan {
  /** Of the machine, should one be made. */
  machineId: string;
  containerId: string;
  run: RunSpecification;
  /** Its places in networks, the one with the default route first. */
  endpoints: RunEndpoint[];
  /** Of the card of a machine that has a network of its own. */
  mac: string;
  /** Where machines on the switch have their cards from; undefined: there is none. */
  taps: TapSource | undefined;
  /** Of the driver, for disks and cards of a machine. */
  devicePlaces: number;
  /** As they are bound for this run. */
  ports: BoundPort[];
  /** TCP ports are opened by the machine's forwarder, not by its VMM. */
  forwardsTcp: boolean;
  kernel: Kernel;
  accelerator: string;
  tscKhz: number | undefined;
  imageDisk: string;
  scratch: { path: string; isNew: boolean };
  /** The machine's own. */
  folder: string;
  placed: PlacedMount[];
  specials: SpecialMount[];
  diskMounts: DiskMount[];
  /** What the container has of the machine's devices. */
  devices: GuestDevice[];
  deviceDisks: DiskSpec[];
  naming: PlannedNaming;
  hostCpus: number;
}

/** The machine that a container needs. Pure. */
export function machineSpec(plan: MachinePlan): MachineSpec {
  const { run, kernel } = plan;
  const { image, scratch } = diskNames(0);
  const { path, initramfs, discovery } = kernel;
  return {
    id: plan.machineId,
    kernel: { path, initramfs, discovery },
    accelerator: plan.accelerator,
    ...(plan.tscKhz === undefined ? {} : { tscKhz: plan.tscKhz }),
    cpus: cpusOf(plan),
    memoryMiB: memoryMiB(run.limits),
    disks: [
      { name: image, ...imageDisk(plan) },
      { name: scratch, ...scratchDisk(plan) },
      ...spareDisks(placesOf(plan).room),
      ...plan.deviceDisks,
      ...new Set(plan.diskMounts.map(({ disk }) => disk)),
    ],
    nics: nicsOf(plan),
    runFolder: plan.folder,
  };
}

/** What the machine has beside what its container needs. */
export function placesOf(plan: MachinePlan): MachinePlaces {
  const { run, endpoints, deviceDisks, diskMounts, devicePlaces: places } = plan;
  return sharePlaces({
    ...{ places, isOnSwitch: plan.taps !== undefined, room: run.machine.room },
    disks: 2 + deviceDisks.length + new Set(diskMounts.map(({ disk }) => disk)).size,
    cards: endpoints.filter(({ card }) => card !== undefined).length,
  });
}

function nicsOf(plan: MachinePlan): NicSpec[] {
  const { machineId, mac, taps: source } = plan;
  if (source !== undefined)
    return Array.from({ length: placesOf(plan).cards }, (_, index) => ({
      ...{ kind: "tap", mac: newMacAddress(), interface: tapName(machineId, index), source },
    }));
  if (!hasOwnNetwork(plan)) return [];
  const publish = openedByVmm(plan).map(publishedPort);
  return [{ kind: "user", mac, network: userNetwork, publish }];
}

/** Whether the machine has a network of its own, and none that others are in. */
export function hasOwnNetwork({ taps, endpoints }: Pick<MachinePlan, "taps" | "endpoints">) {
  return taps === undefined && endpoints.some(({ card }) => card !== undefined);
}

function cpusOf({ run, hostCpus, kernel }: MachinePlan): number {
  return machineCpus(run.limits, hostCpus, kernel);
}

/** Whether a port is the forwarder's. */
export function isForwarded(plan: Pick<MachinePlan, "forwardsTcp">, port: BoundPort): boolean {
  return plan.forwardsTcp && port.protocol === "tcp";
}

/** Each once, though it may have been asked for twice. */
function openedByVmm(plan: Pick<MachinePlan, "forwardsTcp" | "ports">): BoundPort[] {
  const ports = plan.ports.filter((port) => !isForwarded(plan, port));
  return ports.filter((port, index) => overlapping(port, ports.slice(0, index)) === undefined);
}

function publishedPort({ protocol, hostAddress, hostPort, containerPort }: BoundPort) {
  return { protocol, hostAddress, hostPort, guestPort: containerPort };
}

/** What is behind a container's disk with the image. */
export function imageDisk({ imageDisk: path }: Pick<MachinePlan, "imageDisk">): DiskContent {
  return { path, format: "vmdk", readOnly: true };
}

/** The same of its own one. */
export function scratchDisk({ scratch }: Pick<MachinePlan, "scratch">): DiskContent {
  return { path: scratch.path, format: "raw", readOnly: false };
}

/** What a machine is told before its first container. */
export function machineSetup(): MachineSetup {
  return { entropy: randomBytes(64) };
}

/**
 * What the agent is told of the first container of a machine; `mac` is that of the card that the
 * machine has.
 */
export function containerSetup(plan: MachinePlan, mac: string): ContainerSetup {
  const { run, containerId } = plan;
  return {
    ...ownSetup(containerId, run, containerLimits(run.limits, cpusOf(plan))),
    confinement: confinementOf(run, plan.kernel, plan.devices),
    disks: diskNames(0),
    hostname: run.hostname,
    network: {
      ...noNetwork,
      cards: hasOwnNetwork(plan) ? [userCard(mac)] : cardsOf(plan.endpoints),
    },
    naming: plan.naming.setup,
    mounts: guestMounts(plan),
  };
}

/** A container that comes into a running machine. */
interface Neighbour extends Pick<
  MachinePlan,
  "containerId" | "run" | "placed" | "specials" | "devices"
> {
  /** Its names and networks, and what it shares with others. */
  network: Pick<ContainerSetup, "hostname" | "network" | "naming" | "shares">;
  kernel: ConfiningKernel;
  /** Number of its disks. */
  slot: number;
}

/** The same of one that comes into a running machine. */
export function neighbourSetup({
  containerId,
  run,
  placed,
  specials,
  devices,
  kernel,
  slot,
  network,
}: Neighbour): ContainerSetup {
  return {
    ...ownSetup(containerId, run, containerLimits(run.limits)),
    confinement: confinementOf(run, kernel, devices),
    disks: diskNames(slot),
    ...network,
    mounts: guestMounts({ run, placed, specials, diskMounts: [] }),
  };
}

function ownSetup(containerId: string, run: RunSpecification, limits: ContainerLimits) {
  const { sharedMemory, shmSizeBytes, ...inside } = run.inside;
  const shared = {
    none: undefined,
    own: shmSizeBytes,
    // as much as a tmpfs takes that nobody limits
    host: (memoryMiB(run.limits) * 2 ** 20) / 2,
  };
  return {
    ...(run.domainname === "" ? {} : { domainname: run.domainname }),
    machineId: containerId.slice(0, 32),
    ...inside,
    shmSizeBytes: shared[sharedMemory],
    privileged: run.process.privileged,
    limits,
  };
}

/** Of a container without a card. */
export const noNetwork: ContainerSetup["network"] = {
  namespace: "",
  cards: [],
};

/** Parents before what is mounted inside them. */
function guestMounts({
  placed,
  specials,
  diskMounts,
  run,
}: Pick<MachinePlan, "placed" | "specials" | "diskMounts" | "run">): GuestMount[] {
  const shares = placed.map(({ mount, share, populate }): GuestMount => ({
    kind: "share",
    share: share.name,
    target: mount.target,
    readOnly: mount.readOnly,
    ...(mount.subpath === undefined ? {} : { options: mount.subpath }),
    ...(populate ? { populate: true } : {}),
  }));
  const tmpfs = run.mounts
    .filter(({ kind }) => kind === "tmpfs")
    .map(({ target, readOnly, options = "" }): GuestMount => ({
      kind: "tmpfs",
      target,
      readOnly,
      options,
    }));
  const special = specials.map(({ mount: { target, readOnly }, kind, options }): GuestMount => ({
    ...{ kind, target, readOnly, options },
  }));
  const disks = diskMounts.map(({ kind, mount, disk, populate }): GuestMount => ({
    ...{ kind, share: disk.name, target: mount.target, readOnly: mount.readOnly, populate },
    options: mount.subpath ?? "",
  }));
  return [...shares, ...special, ...disks, ...tmpfs].sort(
    (a, b) => a.target.split("/").length - b.target.split("/").length,
  );
}

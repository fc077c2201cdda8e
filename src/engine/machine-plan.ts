import { randomBytes } from "node:crypto";
import type { GuestMount, MachineSetup } from "../agent/agent-client.ts";
import { DvmError } from "../base/errors.ts";
import type { Kernel } from "../kernel/kernel-catalogue.ts";
import type { Accelerator, FileBind, MachineSpec, ShareSpec } from "../machine/machine.ts";
import type { ContainerRecord, MountPoint } from "./container-record.ts";

const mebibyte = 2 ** 20;
const defaultMemoryMiB = 512;
/** Docker's. */
const leastMemoryBytes = 6 * mebibyte;
/** Below this not every kernel gets as far as the agent. */
const leastMachineMiB = 96;
/** What the larger of our kernels keeps for itself in a small machine. */
const kernelMemoryMiB = 56;
export const defaultShmBytes = 64 * mebibyte;
const cpuPeriodUs = 100_000;
export const guestNetwork = {
  address: "10.0.2.15/24",
  gateway: "10.0.2.2",
  nameserver: "10.0.2.3",
};

/** A mount whose source on the host is known. */
export interface PlacedMount {
  mount: MountPoint;
  /** Folder to share; of a single file an empty one, made for it. */
  folder: string;
  file?: FileBind & { name: string };
  /** The volume is empty: the image's files go in first. */
  populate: boolean;
  owners: ShareSpec["owners"];
}

export interface MachinePlan {
  record: ContainerRecord;
  kernel: Kernel;
  accelerator: Accelerator;
  tscKhz: number | undefined;
  imageDisk: string;
  scratch: { path: string; isNew: boolean };
  runFolder: string;
  placed: PlacedMount[];
  hostCpus: number;
}

/** The machine that a container needs. Pure. */
export function machineSpec(plan: MachinePlan): MachineSpec {
  const { record, kernel } = plan;
  const { path, initramfs, discovery } = kernel;
  return {
    id: record.id,
    kernel: { path, initramfs, discovery },
    accelerator: plan.accelerator,
    ...(plan.tscKhz === undefined ? {} : { tscKhz: plan.tscKhz }),
    cpus: machineCpus(record.hostConfig.NanoCpus, plan.hostCpus, kernel),
    memoryMiB: memoryMiB(record.hostConfig.Memory),
    disks: [
      { path: plan.imageDisk, format: "vmdk", readOnly: true },
      { path: plan.scratch.path, format: "raw", readOnly: false },
    ],
    nics: hasNetwork(record)
      ? [
          {
            mac: record.mac,
            publish: record.ports.map((port) => ({
              protocol: port.protocol,
              hostAddress: port.hostAddress,
              hostPort: port.hostPort,
              guestPort: port.containerPort,
            })),
          },
        ]
      : [],
    shares: plan.placed.map(share),
    fileBinds: plan.placed.flatMap(({ file }) => (file === undefined ? [] : [file])),
    runFolder: plan.runFolder,
  };
}

/** Checks what `create` can check already: memory and CPUs. */
export function checkResources(record: ContainerRecord, hostCpus: number): void {
  memoryMiB(record.hostConfig.Memory);
  cpuCount(record.hostConfig.NanoCpus, hostCpus);
}

/** What the container may use, with room for the machine's kernel and agent beside it. */
export function memoryMiB(bytes: number): number {
  if (bytes === 0) return defaultMemoryMiB;
  if (bytes < leastMemoryBytes)
    throw new DvmError("invalid", "Minimum memory limit allowed is 6MB");
  return Math.max(leastMachineMiB, Math.ceil(bytes / mebibyte) + kernelMemoryMiB);
}

/** How many processors the machine gets; an error where its kernel could not use them. */
export function machineCpus(
  nanoCpus: number,
  hostCpus: number,
  { name, maximumCpus = hostCpus }: Pick<Kernel, "name" | "maximumCpus">,
): number {
  const count = cpuCount(nanoCpus, hostCpus);
  if (count <= maximumCpus) return count;
  throw new DvmError(
    "invalid",
    `cannot give a machine ${count} CPUs: its kernel, ${name}, uses ${maximumCpus}`,
    { hint: "choose another by --kernel, or fewer by --cpus" },
  );
}

function cpuCount(nanoCpus: number, hostCpus: number): number {
  const wanted = nanoCpus / 1e9;
  if (wanted < 0 || wanted > hostCpus) {
    throw new DvmError(
      "invalid",
      `range of CPUs is from 0.01 to ${hostCpus.toFixed(2)}, as there are only ${hostCpus} CPUs available`,
    );
  }
  return Math.max(1, Math.ceil(wanted));
}

function share(placed: PlacedMount, index: number): ShareSpec {
  return {
    tag: shareTag(index),
    path: placed.folder,
    readOnly: !placed.mount.RW,
    owners: placed.owners,
  };
}

function shareTag(index: number): string {
  return `share${index}`;
}

/** What the agent is told before the container's process starts. */
export function machineSetup(plan: MachinePlan): MachineSetup {
  const { record } = plan;
  const { config, hostConfig } = record;
  const quota =
    hostConfig.NanoCpus % 1e9 === 0
      ? undefined
      : Math.round((hostConfig.NanoCpus * cpuPeriodUs) / 1e9);
  return {
    hostname: config.Hostname,
    ...(config.Domainname === "" ? {} : { domainname: config.Domainname }),
    machineId: record.id.slice(0, 32),
    entropy: randomBytes(64),
    readOnlyRoot: hostConfig.ReadonlyRootfs,
    ...(hasNetwork(record) ? { network: networkSetup(record) } : {}),
    extraHosts: hostConfig.ExtraHosts.map(extraHost),
    mounts: guestMounts(plan),
    shmSizeBytes: hostConfig.ShmSize === 0 ? defaultShmBytes : hostConfig.ShmSize,
    sysctls: hostConfig.Sysctls,
    privileged: hostConfig.Privileged,
    ...(quota === undefined ? {} : { cpuQuota: { quotaUs: quota, periodUs: cpuPeriodUs } }),
    ...(hostConfig.Memory === 0 ? {} : { memoryLimitBytes: hostConfig.Memory }),
    ...(hostConfig.PidsLimit > 0 ? { pidsLimit: hostConfig.PidsLimit } : {}),
  };
}

function networkSetup({ hostConfig, mac }: ContainerRecord): NonNullable<MachineSetup["network"]> {
  return {
    address: guestNetwork.address,
    gateway: guestNetwork.gateway,
    mac,
    nameservers: hostConfig.Dns.length > 0 ? hostConfig.Dns : [guestNetwork.nameserver],
    search: hostConfig.DnsSearch.filter((domain) => domain !== "."),
    options: hostConfig.DnsOptions,
  };
}

/** `host-gateway` is the host as the machine sees it. */
function extraHost(entry: string): string {
  return entry.replace(/[:=]host-gateway$/, `:${guestNetwork.gateway}`);
}

/** Parents before what is mounted inside them. */
function guestMounts(plan: MachinePlan): GuestMount[] {
  const shares = plan.placed.map((placed, index): GuestMount => ({
    kind: "9p",
    tag: shareTag(index),
    target: placed.mount.Destination,
    readOnly: !placed.mount.RW,
    ...(placed.file === undefined ? {} : { isFile: placed.file.name }),
    ...(placed.populate ? { populate: true } : {}),
  }));
  const tmpfs = plan.record.mounts
    .filter((mount) => mount.Type === "tmpfs")
    .map((mount): GuestMount => ({
      kind: "tmpfs",
      target: mount.Destination,
      readOnly: !mount.RW,
      options: mount.options ?? "",
    }));
  return [...shares, ...tmpfs].sort(
    (a, b) => a.target.split("/").length - b.target.split("/").length,
  );
}

function hasNetwork(record: ContainerRecord): boolean {
  return record.hostConfig.NetworkMode !== "none";
}

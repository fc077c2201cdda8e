import { userNetwork } from "../../network/user-network.ts";
import { join } from "node:path";
import { type Launch, type ProcessSpec, unconfined } from "../../agent/agent-client.ts";
import { capabilityMask, machineSetup, plainSetup, userCard } from "../../engine/plan.ts";
import type { Tool } from "../../host/tools.ts";
import type { Kernel } from "../../kernel/kernel-catalogue.ts";
import type { DiskSpec, Hypervisor, MachineSpec } from "../../machine/machine.ts";
import { diskNames } from "../../supply/disk-names.ts";

/** What a kernel is measured with. */
export interface BenchSubject {
  kernel: Kernel;
  accelerator: string;
  /** How long its build took; undefined when it was not built here. */
  buildMs: number | undefined;
}

/** What all measurements share. */
export interface BenchHost {
  qemu: Tool;
  /** The same, as a driver. */
  hypervisor: Hypervisor;
  tscKhz: number | undefined;
  dataRoot: string;
  /** Where run folders are made. */
  work: string;
  /** Of an image with a busybox. */
  imageDisk: string;
  signal: AbortSignal;
}

const mebibyte = 2 ** 20;
const cardMac = "02:42:ac:11:00:02";
/** What is boot-timed is a machine like an ordinary container's. */
export const ordinaryMiB = 512;

export function benchSpec(
  { kernel, accelerator }: BenchSubject,
  { tscKhz }: BenchHost,
  options: { runFolder: string; memoryMiB: number; disks: DiskSpec[] },
): MachineSpec {
  const { path, initramfs, discovery } = kernel;
  return {
    id: "kernel-bench",
    kernel: { path, initramfs, discovery },
    accelerator,
    ...(tscKhz === undefined ? {} : { tscKhz }),
    cpus: 1,
    nics: [{ kind: "user", mac: cardMac, network: userNetwork, publish: [] }],
    ...options,
  };
}

/** The disks of a machine that waits for its container. */
export function emptyDisks(): DiskSpec[] {
  const bytes = 1024 * mebibyte;
  return [
    { name: image, format: "empty", bytes, readOnly: true },
    { name: scratch, format: "empty", bytes, readOnly: false },
  ];
}

export function filledDisks({ imageDisk }: BenchHost, runFolder: string): DiskSpec[] {
  return [
    { name: image, format: "vmdk", path: imageDisk, readOnly: true },
    {
      name: scratch,
      ...{ format: "raw", path: join(runFolder, "scratch.img"), readOnly: false },
    },
  ];
}

const { image, scratch } = diskNames(0);

export function benchSetup(): Pick<Launch, "machine" | "id" | "setup"> {
  return {
    machine: machineSetup(),
    id: "bench",
    setup: plainSetup(userCard(cardMac), unconfined),
  };
}

export function busyboxTrue(): ProcessSpec {
  return {
    args: ["busybox", "true"],
    env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
    cwd: "/",
    user: "",
    groupsAdd: [],
    tty: false,
    rows: 0,
    columns: 0,
    stdin: false,
    capabilities: capabilityMask({ add: [], drop: [], privileged: false }),
    privileged: false,
    noNewPrivileges: false,
    rlimits: [],
  };
}

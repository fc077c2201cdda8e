import type { DvmError } from "../base/errors.ts";

/** What a machine is made of, and what every driver must offer. Shapes only; drivers live below. */

export type DiskContent =
  /** `device`: a block device of the host. */
  | { format: "raw" | "vmdk" | "device"; path: string; readOnly: boolean }
  /** Zeros, for a machine that gets its disk later. */
  | { format: "empty"; bytes: number; readOnly: boolean };

/** A disk of a machine; the guest finds it by its name (`image0`), which is its serial number. */
export type DiskSpec = DiskContent & {
  /** Letters, digits and hyphens, at most 20. */
  name: string;
};

/** A port of the host that reaches a port of the guest. */
export interface PublishedPort {
  protocol: "tcp" | "udp";
  hostAddress: string;
  hostPort: number;
  guestPort: number;
}

/** A network of the machine's own, which the VMM itself makes: to others the guest is the host. */
export interface UserNetwork {
  /** The guest's, with its prefix. */
  address: string;
  gateway: string;
  nameserver: string;
}

/** Where interfaces are got from that are in a network namespace which the VMM is not in. */
export interface TapSource {
  /** Program that is run as `launcher run DESCRIPTOR_SOCKET TAP[,TAP…] -- VMM…`, and hands them on. */
  launcher: string;
  descriptorSocket: string;
}

/**
 * A network card: on a user-mode network, or behind a TAP interface, which the caller has made or
 * the source makes. All cards of a machine have one source.
 */
export type NicSpec =
  | { kind: "user"; mac: string; network: UserNetwork; publish: PublishedPort[] }
  | { kind: "tap"; mac: string; interface: string; source?: TapSource };

export interface MachineKernel {
  path: string;
  initramfs: string;
  /** How virtio-mmio devices are announced to it. */
  discovery: "acpi" | "cmdline";
}

export interface MachineSpec {
  id: string;
  kernel: MachineKernel;
  /** One of the driver's {@link Hypervisor.accelerators}. */
  accelerator: string;
  /** Rate of the host's time stamp counter, which an emulated guest sees; undefined: it must guess. */
  tscKhz?: number;
  cpus: number;
  memoryMiB: number;
  disks: DiskSpec[];
  nics: NicSpec[];
  /** A private folder for sockets, console log and pid; made and owned by the caller. */
  runFolder: string;
  /**
   * The machine is booted to be saved in the template's folder, or starts as a clone of what was
   * saved there: same devices, but disks and networks of its own.
   */
  template?: { folder: string; use: "make" | "clone" };
}

/** What a driver can do; ask this, never a driver's name. */
export interface Capabilities {
  /** The guest has a port by which it may reach files of the host. */
  fileSharing: boolean;
  pause: boolean;
  /** Machines can be saved and cloned. */
  templates: boolean;
  /** How many disks and cards together a machine has places for. */
  devices: number;
  diskFormats: readonly DiskContent["format"][];
  /** Disks can be put in and taken out while a machine runs. */
  diskExchange: boolean;
  cards: readonly NicSpec["kind"][];
  /** Ports of the host can reach a `user` card, also when they are opened later. */
  publishing: boolean;
  /** {@link Machine.connectionsSocket} leads into the guest: TCP ports need no publishing. */
  connections: boolean;
}

/** What a machine costs the host. Pages that machines share count by their part. */
export interface MachineMemory {
  totalBytes: number;
  /** Of these, the guest's RAM; and of that, what is its own and what others see, too. */
  guest: { totalBytes: number; privateBytes: number; sharedBytes: number };
}

/** A started machine. */
export interface Machine {
  readonly id: string;
  /** Names the machine on this host while it runs; to compare and to log only. */
  readonly handle: string;
  /** Of the VMM, for who wants to show it; undefined where a machine is no process of this host. */
  readonly processId: number | undefined;
  /** Unix socket of the guest's agent. */
  readonly agentSocket: string;
  /** Unix socket of the guest's port for files of the host. */
  readonly filesSocket: string;
  /** The same for connections into the guest, and out of it. */
  readonly connectionsSocket: string;
  /** Settles when the VMM has gone, however it went. Never rejects. */
  readonly exited: Promise<MachineExit>;
  /** Last lines of the guest's console, at most `bytes` bytes, control characters taken out. */
  consoleTail(bytes?: number): Promise<string>;
  /** Undefined when the machine has just gone, or its VMM can't tell. */
  memory(): Promise<MachineMemory | undefined>;
  /** Ends the machine at once. Idempotent; returns when the VMM has gone. */
  kill(): Promise<void>;
  /** Stops the virtual CPUs. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /**
   * Whether the VMM has stopped the guest because the host's disk has no room for what it writes.
   * It goes on by {@link resume}, which tries that write again: nothing of it is lost.
   */
  isOutOfSpace(): Promise<boolean>;
  /** Writes a machine that was started to be a template into its folder, and ends it. */
  save(): Promise<void>;
  /** Puts `disk` in the place of the empty one of this name, which the guest has not read. */
  insertDisk(name: string, disk: DiskContent): Promise<void>;
  /**
   * Takes what was inserted away again. The guest has let go of it; or the machine is paused, to be
   * saved.
   */
  ejectDisk(name: string, empty: DiskContent): Promise<void>;
  /**
   * Opens ports of the host to the machine's first `user` card, whose MAC address may not change
   * from here on: what connects makes it known.
   */
  publish(ports: PublishedPort[]): Promise<void>;
}

export interface MachineExit {
  /** Exit code of the VMM, or undefined when it isn't known (a machine found again). */
  code: number | undefined;
  signal: string | undefined;
  /** What the VMM itself said, bounded. */
  errors: string;
  /** That, where the driver knows what it means for who started the machine. */
  failure: DvmError | undefined;
}

export interface AcceleratorChoice {
  accelerator: string;
  /** Why, for a person; no full stop. */
  reason: string;
}

/** A driver. */
export interface Hypervisor {
  readonly name: string;
  /** Which VMM this is, as text that changes when another one is installed. */
  version(): Promise<string>;
  readonly capabilities: Capabilities;
  /** The ways to run a machine's processors, by names of the driver's own. */
  readonly accelerators: readonly string[];
  /** `want`: one of them, which is an error where it doesn't work; or `auto`, the best that does. */
  chooseAccelerator(want: string, kernel: MachineKernel): Promise<AcceleratorChoice>;
  /** Features that a kernel must be built with to start in its machines (`kernel/features/`). */
  readonly kernelFeatures: readonly string[];
  /** Within this a machine's agent has said hello, or never will. */
  bootDeadlineMs(accelerator: string): number;
  /** Starts a machine; it runs when this returns, its guest need not be up yet. */
  start(spec: MachineSpec, options?: { signal?: AbortSignal }): Promise<Machine>;
  /** Finds the machine of an earlier daemon by its run folder; undefined when it has gone. */
  find(id: string, runFolder: string): Promise<Machine | undefined>;
  /** Ends all machines with run folders below `root` but these; gives a word for each, for the log. */
  endStrays(root: string, keep: readonly Machine[]): Promise<string[]>;
}

import type { Confinement } from "./confinement.ts";

/** What the agent says of its machine when a host connects. */
export interface AgentHello {
  protocol: number;
  kernelRelease: string;
  /** What the guest's monotonic clock showed. */
  monotonicNs: bigint;
}

/** A mount inside the container. */
export interface GuestMount {
  kind: "share" | "tmpfs" | "socket" | "device" | "image" | "disk";
  /** Name of a share, of an image its disk. */
  share?: string;
  target: string;
  readOnly: boolean;
  /**
   * Of a tmpfs: `size=64m,mode=1777`; of a socket its mode, owner and name for the host:
   * `660,0,0,name`; of a device of the machine its name in /dev; of a share or an image the path
   * in it that is mounted, empty for all.
   */
  options?: string;
  /** The volume is new: what the image has at `target` is copied into it first. */
  populate?: boolean;
}

/** Names of a container's disks in its machine. */
export interface ContainerDisks {
  image: string;
  scratch: string;
}

/** How one of a machine's network cards is set up; `index` is its place among them. */
export interface CardSetup {
  index: number;
  /** Of the interface, as the container sees it: `eth0`. */
  name: string;
  /** `02:42:ac:11:00:02`; empty: the card keeps the one that it has. */
  mac: string;
  /** IPv4 and IPv6, with their prefixes: `192.0.2.15/24`, `2001:db8::15/64`. Eight at most. */
  addresses: string[];
  /** Default routes lead there: one for each family at most. */
  gateways: string[];
  /** 0: the card keeps the one that it has. */
  mtu: number;
  /** Of its network namespace, once it is up. */
  sysctls?: Record<string, string>;
}

/** What can be done in a machine before its first container is known. */
export interface MachinePreparation {
  disks: ContainerDisks;
  /** The scratch disk is a new one: it may be mounted now. */
  newScratch: boolean;
  /**
   * So may the image; for containers without privileges, sysctls, and mounts over /dev, /proc or
   * /sys.
   */
  image: boolean;
  cards: CardSetup[];
}

/** The guest's monotonic clock showed `guestNs` when the host's wall clock showed `hostNs`. */
export interface ClockReading {
  guestNs: bigint;
  hostNs: bigint;
  /** By which the host's may be wrong, for want of a common instant. */
  doubtNs: bigint;
}

/** What a machine's boot came to. */
export interface BootReport {
  /** What the guest's monotonic clock showed when the agent began. */
  agentBeganNs: bigint;
  /** Memory that the kernel manages: the machine's, without the kernel itself. */
  managedBytes: number;
  /** How much of that programs could have. */
  availableBytes: number;
}

/** What a machine needs to know before its first container. */
export interface MachineSetup {
  /** 32 to 256 bytes. */
  entropy: Uint8Array;
}

/** What a container is made of. */
export interface ContainerSetup {
  disks: ContainerDisks;
  hostname: string;
  domainname?: string;
  /** 32 hexadecimal digits (machine-id(5)), for an image that has such a file. */
  machineId: string;
  readOnlyRoot: boolean;
  network: ContainerNetwork;
  /** Containers of the same machine whose IPC, with /dev/shm, and whose processes are its own, too. */
  shares?: { ipc?: string; pid?: string };
  naming: NamingSetup;
  mounts: GuestMount[];
  /** Of /dev/shm; 0: the agent's default, 64 MiB; undefined: there is none. */
  shmSizeBytes: number | undefined;
  sysctls: Record<string, string>;
  privileged: boolean;
  confinement: Confinement;
  limits: ContainerLimits;
}

/** What a container may use; 0 is no limit. */
export interface ContainerLimits {
  cpuQuotaUs: number;
  /** 0: the agent's default, 100 ms. */
  cpuPeriodUs: number;
  /** Against others in its machine, as cgroup v2 weighs: 1 to 10,000, 100 when nothing is said. */
  cpuWeight: number;
  memoryBytes: number;
  /** What is left to it when others want some. */
  memoryLowBytes: number;
  processes: number;
  /** As `0-2,4`; empty: all. */
  processors: string;
}

export interface ContainerNetwork {
  /**
   * `""`: the machine's own. Containers with another name in common share a namespace, which has a
   * loopback of its own, and no card but those that its first container brings.
   */
  namespace: string;
  cards: CardSetup[];
}

/** By what a container finds others. */
export interface NamingSetup {
  /** Its /etc/hosts and /etc/resolv.conf, whole. */
  hosts: string;
  resolver: string;
  /** A socket of the host's that it is granted, by its name: asked by who asks 127.0.0.11. Empty: none. */
  relay: string;
}

/** What a running container's naming changes by; files are left alone where somebody else wrote. */
export interface NamingChange {
  hosts: { removed: string[]; added: string[] };
  resolver: { before: string; after: string };
  /** As in {@link NamingSetup}; one that is there stays. */
  relay: string;
}

/** A process to run in the container. */
export interface ProcessSpec {
  args: string[];
  env: string[];
  cwd: string;
  /** ``, `uid`, `uid:gid`, `name` or `name:group`, looked up in the image. */
  user: string;
  groupsAdd: string[];
  tty: boolean;
  rows: number;
  columns: number;
  stdin: boolean;
  /** Bit mask of what root may have. */
  capabilities: bigint;
  privileged: boolean;
  noNewPrivileges: boolean;
  rlimits: { resource: number; soft: bigint; hard: bigint }[];
  /** `oom_score_adj` of proc(5); 0 when nothing is said. */
  oomScore?: number;
  /** Run it under a reaper that passes signals on. */
  init?: boolean;
}

/** All processes of a container; ids are those inside of it, 0 for one outside. */
export interface ProcessList {
  processes: ProcessEntry[];
  /** Of the machine. */
  memoryBytes: number;
}

export interface ProcessEntry {
  pid: number;
  ppid: number;
  processGroup: number;
  session: number;
  /** Of those that its terminal's keys reach. */
  foregroundGroup: number;
  /** Of its program's file, 15 bytes at most. */
  name: string;
  command: string;
  /** As `S`. */
  state: string;
  uid: number;
  effectiveUid: number;
  gid: number;
  effectiveGid: number;
  /** Names of the effective ones in the container's own files; else the number. */
  user: string;
  group: string;
  ageMs: number;
  cpuMs: number;
  /** `pts/0`, or `?`. */
  tty: string;
  /** The kernel's, as /proc has them. */
  flags: number;
  priority: number;
  nice: number;
  policy: number;
  threads: number;
  processor: number;
  minorFaults: number;
  majorFaults: number;
  virtualBytes: number;
  residentBytes: number;
  lockedBytes: number;
}

/** Of one container; what is the machine's is the same for all of its containers. */
export interface ContainerStatistics {
  memoryUsedBytes: number;
  memoryTotalBytes: number;
  systemCpuNs: bigint;
  onlineCpus: number;
  pids: number;
  /** Undefined: there is none. */
  pidsLimit: number | undefined;
  network: {
    name: string;
    rxBytes: number;
    rxPackets: number;
    rxErrors: number;
    rxDropped: number;
    txBytes: number;
    txPackets: number;
    txErrors: number;
    txDropped: number;
  }[];
  /** Lines of the cgroup's files, by their names. */
  cpu: ReadonlyMap<string, number>;
  memory: ReadonlyMap<string, number>;
  memoryEvents: ReadonlyMap<string, number>;
  blocks: { major: number; minor: number; readBytes: number; writtenBytes: number }[];
}

import { parseBytes } from "../../base/parse-sizes.ts";
import type { DockerRequest, HostConfig, Resources } from "./docker-request.ts";
import { specifyHealth } from "./specify-health.ts";
import { specifyNetworks } from "./specify-networks.ts";
import type { Mount, RequestedPort, RunSpecification } from "./run-specification.ts";

const defaultTerminal = { rows: 24, columns: 80 };

interface Resolved {
  imageId: string;
  mounts: Mount[];
  ports: RequestedPort[];
}

/** Docker's request, in which all is filled in, as what is to run. Pure; checks nothing. */
export function specifyRun(
  { config, hostConfig, endpoints }: Pick<DockerRequest, "config" | "hostConfig" | "endpoints">,
  { imageId, mounts, ports }: Resolved,
): RunSpecification {
  const { Kernel: kernel, Accelerator: accelerator, NoTemplate, Room } = hostConfig.Dvm;
  const diskBytes = askedDiskBytes(hostConfig);
  const sharedWith = sharingContainer(hostConfig.NetworkMode);
  // Docker takes a name that is none, and refuses it at the start
  const sharesIpcWith =
    hostConfig.IpcMode === "container:" ? "" : sharingContainer(hostConfig.IpcMode);
  const sharesPidWith = sharingContainer(hostConfig.PidMode);
  const health = specifyHealth(config);
  return {
    imageId,
    process: specifyProcess({ config, hostConfig }),
    hostname: config.Hostname,
    domainname: config.Domainname,
    extraHosts: hostConfig.ExtraHosts ?? [],
    mounts,
    inside: {
      readOnlyRoot: hostConfig.ReadonlyRootfs,
      shmSizeBytes: hostConfig.ShmSize,
      sharedMemory: sharedMemory(hostConfig.IpcMode),
      sysctls: hostConfig.Sysctls ?? {},
    },
    confinement: specifyConfinement(hostConfig),
    ...(diskBytes === undefined ? {} : { diskBytes }),
    limits: specifyLimits(hostConfig),
    networks: specifyNetworks({ config, hostConfig, endpoints }),
    ...(config.NetworkDisabled || sharedWith !== undefined
      ? {}
      : {
          network: {
            ports,
            nameservers: hostConfig.Dns ?? [],
            search: hostConfig.DnsSearch ?? [],
            options: hostConfig.DnsOptions ?? [],
          },
        }),
    ...(health === undefined ? {} : { health }),
    links: [],
    stop: {
      signal: config.StopSignal ?? "",
      ...(config.StopTimeout === undefined ? {} : { timeoutSeconds: config.StopTimeout }),
    },
    removeWhenEnded: hostConfig.AutoRemove,
    machine: {
      ...(kernel === undefined ? {} : { kernel }),
      ...(accelerator === undefined ? {} : { accelerator }),
      noTemplate: NoTemplate ?? false,
      ...(Room === undefined ? {} : { room: Room }),
      ...(sharedWith === undefined ? {} : { sharedWith }),
      ...(sharesIpcWith === undefined ? {} : { sharesIpcWith }),
      ...(sharesPidWith === undefined ? {} : { sharesPidWith }),
    },
  };
}

/** Limits, as creation and update ask for them. */
export function specifyLimits(asked: Resources): RunSpecification["limits"] {
  return {
    memoryBytes: asked.Memory,
    memoryReservationBytes: asked.MemoryReservation,
    nanoCpus: asked.NanoCpus,
    cpuQuotaUs: Math.max(0, asked.CpuQuota),
    cpuPeriodUs: asked.CpuPeriod,
    cpuShares: asked.CpuShares,
    processors: asked.CpusetCpus,
    processes: Math.max(0, asked.PidsLimit ?? 0),
  };
}

function sharedMemory(ipcMode: string): RunSpecification["inside"]["sharedMemory"] {
  return ipcMode === "none" || ipcMode === "host" ? ipcMode : "own";
}

/** What `--storage-opt size=` says; undefined: nothing. */
export function askedDiskBytes({ StorageOpt }: Pick<HostConfig, "StorageOpt">): number | undefined {
  const size = StorageOpt?.["size"];
  return size === undefined ? undefined : Math.ceil(parseBytes(size) / 4096) * 4096;
}

/** The container that Docker's `--network container:…` and its like name; undefined: none. */
export function sharingContainer(mode: string): string | undefined {
  return /^container:(.+)$/.exec(mode)?.[1];
}

function specifyProcess({
  config,
  hostConfig,
}: Pick<DockerRequest, "config" | "hostConfig">): RunSpecification["process"] {
  return {
    args: [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])],
    env: config.Env ?? [],
    cwd: config.WorkingDir === "" ? "/" : config.WorkingDir,
    user: config.User,
    groupsAdd: hostConfig.GroupAdd ?? [],
    tty: config.Tty,
    stdin: config.OpenStdin,
    terminal: terminalSize(hostConfig.ConsoleSize) ?? defaultTerminal,
    capabilities: { add: hostConfig.CapAdd ?? [], drop: hostConfig.CapDrop ?? [] },
    privileged: hostConfig.Privileged,
    noNewPrivileges: asksForNoNewPrivileges(hostConfig.SecurityOpt ?? []),
    limits: (hostConfig.Ulimits ?? []).map(({ Name, Soft, Hard }) => ({
      ...{ name: Name, soft: Soft, hard: Hard },
    })),
    // the first process of another has that duty where it sees its processes
    reaper: (hostConfig.Init ?? false) && sharingContainer(hostConfig.PidMode) === undefined,
    oomScore: hostConfig.OomScoreAdj,
  };
}

function specifyConfinement(hostConfig: HostConfig): RunSpecification["confinement"] {
  const { SecurityOpt, MaskedPaths, ReadonlyPaths } = hostConfig;
  const { Devices, DeviceCgroupRules, DeviceRequests } = hostConfig;
  const options = SecurityOpt ?? [];
  return {
    seccomp: lastOption(options, "seccomp") ?? "",
    maskedPaths: MaskedPaths,
    readOnlyPaths: ReadonlyPaths,
    writableCgroups: /^(?:1|t|T|TRUE|true|True)?$/.test(
      lastOption(options, "writable-cgroups") ?? "false",
    ),
    devices: (Devices ?? []).map(({ PathOnHost, PathInContainer, CgroupPermissions }) => ({
      ...{ source: PathOnHost, target: PathInContainer, access: CgroupPermissions },
    })),
    deviceRules: DeviceCgroupRules ?? [],
    deviceRequests: (DeviceRequests ?? []).map(({ Driver, DeviceIDs, Capabilities }) => ({
      driver: Driver,
      ids: DeviceIDs ?? [],
      capabilities: (Capabilities ?? []).map((one) => one ?? []),
    })),
  };
}

/** What the last of Docker's security options of this name says; undefined: there is none. */
function lastOption(options: readonly string[], name: string): string | undefined {
  const isNamed = new RegExp(`^${name}(?:[=:]|$)`);
  return options.findLast((option) => isNamed.test(option))?.slice(name.length + 1);
}

/** Undefined: not known. */
export function terminalSize([rows = 0, columns = 0]: readonly number[]):
  | { rows: number; columns: number }
  | undefined {
  return rows > 0 && columns > 0 ? { rows, columns } : undefined;
}

/** By the last of Docker's security options that speaks of it. */
export function asksForNoNewPrivileges(options: readonly string[]): boolean {
  const last = options.findLast((option) => option.startsWith("no-new-privileges"));
  return last !== undefined && !last.endsWith("false");
}

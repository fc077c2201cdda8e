import { neverTime } from "../base/timestamps.ts";
import {
  attachedNetworks,
  type BoundPort,
  type ContainerRecord,
  type ContainerState,
  type Health,
  isRunning,
  type Mount,
  shownConfig,
  type StartReport,
} from "../engine/records.ts";
import { type Engine, networkId, userNetwork } from "../engine/core.ts";
import { describeHostConfig } from "./host-config-description.ts";
import { describeLinks } from "./link-description.ts";

/** A container as `GET /containers/{id}/json` shows it. */
export function describeContainer(engine: Engine, record: ContainerRecord) {
  const { config, hostConfig } = record.request;
  const [path, ...args] = record.run.process.args;
  return {
    Id: record.id,
    Created: record.createdAt,
    Path: path,
    Args: args,
    State: describeState(engine, record),
    Image: record.run.imageId,
    ResolvConfPath: "",
    HostnamePath: "",
    HostsPath: "",
    LogPath: engine.logPath(record.id),
    Name: `/${record.name}`,
    RestartCount: record.restartCount,
    Driver: "erofs",
    Platform: "linux",
    MountLabel: "",
    ProcessLabel: "",
    AppArmorProfile: "",
    ExecIDs: execIds(engine, record.id),
    HostConfig: describeHostConfig({
      ...hostConfig,
      NetworkMode: networkMode(record),
      Links: describeLinks(engine, record),
    }),
    GraphDriver: { Name: "erofs", Data: null },
    Mounts: describeMounts(record),
    Config: shownConfig(config),
    NetworkSettings: networkSettings(engine, record),
    ...(record.lastStart === undefined ? {} : { Dvm: describeMachine(record, record.lastStart) }),
  };
}

/** DVM's own: the machine that it is in, and how its last start went. */
function describeMachine({ state }: ContainerRecord, start: StartReport) {
  const id = "run" in state ? state.run.machine.id : undefined;
  return { ...(id === undefined ? {} : { Machine: id }), Start: describeStart(start) };
}

function describeStart({ origin, madeTemplate, kernel, phases }: StartReport) {
  return {
    ...(kernel === undefined ? {} : { Kernel: kernel }),
    Origin: origin,
    MadeTemplate: madeTemplate,
    Phases: phases.map(({ name, ms }) => ({ Name: name, Milliseconds: ms })),
  };
}

function describeState(engine: Engine, record: ContainerRecord) {
  const { state } = record;
  const failure = state.kind === "created" ? state.failure : undefined;
  const exited = "finishedAt" in state ? state : undefined;
  const lastFinishedAt = "lastFinishedAt" in state ? state.lastFinishedAt : undefined;
  return {
    Status: statusOf(state),
    Running: isRunning(record),
    Paused: state.kind === "paused",
    Restarting: state.kind === "restarting",
    OOMKilled: exited?.oomKilled ?? ("run" in state && state.run.ranOutOfMemory),
    Dead: false,
    Pid: "run" in state ? (state.run.machine.machine.processId ?? 0) : 0,
    ExitCode: exited?.exitCode ?? failure?.exitCode ?? 0,
    Error: exited?.error ?? failure?.error ?? engine.space.troubleOf(state) ?? "",
    StartedAt: "startedAt" in state ? state.startedAt : neverTime,
    FinishedAt: exited?.finishedAt ?? lastFinishedAt ?? neverTime,
    ...(record.health === undefined ? {} : { Health: describeHealth(record.health) }),
  };
}

function describeHealth({ status, failingStreak, log }: Health) {
  return {
    Status: status,
    FailingStreak: failingStreak,
    Log: log.map(({ start, end, exitCode, output }) => ({
      ...{ Start: start, End: end, ExitCode: exitCode, Output: output },
    })),
  };
}

/** Docker's word for a state. */
export function statusOf({ kind }: ContainerState): string {
  return kind === "detached" ? "running" : kind;
}

/** Those that were asked for by `--tmpfs` Docker shows in the HostConfig only. */
export function describeMounts({ run, request }: ContainerRecord) {
  const { Tmpfs } = request.hostConfig;
  return run.mounts
    .filter(
      ({ kind, target, mode }) =>
        kind !== "tmpfs" || mode !== undefined || !(target in (Tmpfs ?? {})),
    )
    .map(describeMount);
}

function describeMount(mount: Mount) {
  const { kind, source, target, volume, readOnly, anonymous = false } = mount;
  const common = { Source: source, Destination: target, RW: !readOnly };
  const Mode = mount.mode ?? (readOnly ? "ro" : "");
  switch (kind) {
    case "bind":
      return { Type: kind, ...common, Mode, Propagation: mount.propagation ?? "rprivate" };
    case "volume": {
      const older = readOnly || anonymous ? Mode : "z";
      const volumeMode = mount.mode ?? older;
      return {
        Type: kind,
        Name: volume,
        ...common,
        Driver: "local",
        Mode: volumeMode,
        Propagation: "",
      };
    }
    case "tmpfs":
      return { Type: kind, ...common, Mode: "", Propagation: "" };
    case "image":
      return { Type: kind, Name: mount.imageName, ...common, Mode, Propagation: "rprivate" };
  }
}

export function networkMode({ request }: ContainerRecord): string {
  const { NetworkMode } = request.hostConfig;
  return NetworkMode === "" || NetworkMode === "default" ? "bridge" : NetworkMode;
}

/** Ports that are bound now. */
export function portsOf({ state }: ContainerRecord): BoundPort[] {
  return "ports" in state ? state.ports : [];
}

/** Of an endpoint. */
const nothingAsked = {
  ...{ IPAMConfig: null, Links: null, Aliases: null, MacAddress: "", DriverOpts: null },
  GwPriority: 0,
};
interface ListedPort {
  IP?: string;
  PrivatePort: number;
  PublicPort?: number;
  Type: string;
}

/** As a list shows ports: those that are bound, and those that are only exposed while it runs. */
export function portsInList(record: ContainerRecord): ListedPort[] {
  const bound: ListedPort[] = portsOf(record).map(
    ({ hostAddress, containerPort, hostPort, protocol }) => ({
      ...(hostAddress === "" ? {} : { IP: hostAddress }),
      PrivatePort: containerPort,
      PublicPort: hostPort,
      Type: protocol,
    }),
  );
  const exposed = Object.keys(portMap(record)).flatMap((key) => {
    const [port = "", Type = "tcp"] = key.split("/");
    const PrivatePort = Number(port);
    const isBound = bound.some((one) => one.PrivatePort === PrivatePort && one.Type === Type);
    return isBound ? [] : [{ PrivatePort, Type }];
  });
  return [...bound, ...exposed];
}

/** Docker's word for how a container's health is. */
export function healthOf({ health }: ContainerRecord): string {
  return health?.status ?? "none";
}

const noCard = {
  ...{ EndpointID: "", Gateway: "", IPAddress: "", IPPrefixLen: 0, MacAddress: "" },
  ...{ GlobalIPv6Address: "", GlobalIPv6PrefixLen: 0, IPv6Gateway: "" },
};
/** What Docker shows of networks that it has no more. */
const ofOldNetworks = {
  HairpinMode: false,
  LinkLocalIPv6Address: "",
  LinkLocalIPv6PrefixLen: 0,
  SecondaryIPAddresses: null,
  SecondaryIPv6Addresses: null,
};

/** The machine's own user-mode network is shown under the name docker users know. */
export function networkSettings(engine: Engine, record: ContainerRecord) {
  const address =
    record.run.network === undefined || !isRunning(record)
      ? ""
      : userNetwork.address.replace(/\/.*$/, "");
  const gateway = address === "" ? "" : userNetwork.gateway;
  const prefix = address === "" ? 0 : 24;
  const mac = address !== "" && "mac" in record.state ? record.state.mac : "";
  const card = {
    ...noCard,
    ...{ IPAddress: address, IPPrefixLen: prefix, Gateway: gateway, MacAddress: mac },
  };
  const isNew = record.state.kind === "created";
  const endpointIn = (network: string) => {
    const asked = record.request.endpoints[network] ?? nothingAsked;
    return {
      ...asked,
      ...(network === "bridge" ? card : noCard),
      ...(isNew ? { MacAddress: asked.MacAddress } : {}),
      NetworkID: isNew ? "" : networkId(engine, network),
      DNSNames: null,
    };
  };
  return {
    Bridge: "",
    SandboxID: "",
    SandboxKey: "",
    Ports: portMap(record),
    ...ofOldNetworks,
    ...card,
    Networks: Object.fromEntries(
      attachedNetworks(record.request).map((network) => [network, endpointIn(network)]),
    ),
  };
}

function portMap(
  record: ContainerRecord,
): Record<string, { HostIp: string; HostPort: string }[] | null> {
  const map: Record<string, { HostIp: string; HostPort: string }[] | null> = {};
  if (isRunning(record))
    for (const key of Object.keys(record.request.config.ExposedPorts)) map[key] = null;
  for (const port of portsOf(record)) {
    const key = `${port.containerPort}/${port.protocol}`;
    const bindings = map[key] ?? [];
    map[key] = [...bindings, { HostIp: port.hostAddress, HostPort: String(port.hostPort) }];
  }
  return map;
}

function execIds(engine: Engine, id: string): string[] | null {
  const ids = engine.execs.ofContainer(id).filter(({ state }) => state.kind !== "exited");
  return ids.length === 0 ? null : ids.map((exec) => exec.id);
}

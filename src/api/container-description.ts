import { neverTime } from "../base/timestamps.ts";
import {
  type ContainerRecord,
  type ContainerState,
  type Health,
  isRunning,
  type Mount,
  shownConfig,
  type StartReport,
} from "../engine/records.ts";
import { egressOf, egressText, type Engine } from "../engine/core.ts";
import { networkSettings } from "./network-settings.ts";
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
    ...describeNetworkFiles(engine, record),
    LogPath: logPath(engine, record),
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
    Config: shownConfig({ ...config, MacAddress: macAddress(record) }),
    NetworkSettings: networkSettings(engine, record),
    ...(record.lastStart === undefined
      ? {}
      : { Dvm: describeMachine(engine, record, record.lastStart) }),
  };
}

/** There are none before the first start. */
function describeNetworkFiles(engine: Engine, { id, lastStart }: ContainerRecord) {
  const { resolver, hostname, hosts } = engine.networkFiles(id);
  const path = (file: string) => (lastStart === undefined ? "" : file);
  return { ResolvConfPath: path(resolver), HostnamePath: path(hostname), HostsPath: path(hosts) };
}

/** DVM's own: the machine that it is in, and how its last start went. */
function describeMachine(engine: Engine, record: ContainerRecord, start: StartReport) {
  const { state } = record;
  const id = "run" in state ? state.run.machine.id : undefined;
  return {
    ...(id === undefined ? {} : { Machine: id }),
    Start: describeStart(start),
    ...describeEgress(engine, record),
  };
}

/** What it may reach outside, and what it was refused so far; nothing of one that may reach all. */
function describeEgress(engine: Engine, { id, state }: ContainerRecord) {
  const rules = egressOf(engine, id, "endpoints" in state ? state.endpoints : []);
  if (rules === undefined) return {};
  const { packets, list } = engine.refusals.get(id) ?? { packets: 0, list: [] };
  const refused = list.map(({ destination, count }) => ({
    Destination: destination,
    Count: count,
  }));
  return { Egress: { Allow: rules.map(egressText), RefusedPackets: packets, Refused: refused } };
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

/** As older clients look for it: of the network that the mode names. */
function macAddress({ request }: ContainerRecord): string {
  const { config, hostConfig, endpoints } = request;
  return config.MacAddress || (endpoints[hostConfig.NetworkMode]?.MacAddress ?? "");
}

/** Docker's word for how a container's health is. */
export function healthOf({ health }: ContainerRecord): string {
  return health?.status ?? "none";
}

/** Docker tells it of its own files only, once there is one. */
function logPath(engine: Engine, { id, state, request }: ContainerRecord): string {
  const isThere = state.kind !== "created" && request.hostConfig.LogConfig.Type === "json-file";
  return isThere ? engine.logPath(id) : "";
}

function execIds(engine: Engine, id: string): string[] | null {
  const ids = engine.execs.ofContainer(id).filter(({ state }) => state.kind !== "exited");
  return ids.length === 0 ? null : ids.map((exec) => exec.id);
}

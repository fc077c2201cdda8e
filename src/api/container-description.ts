import {
  isRunning,
  neverTime,
  type ContainerRecord,
  type StartReport,
} from "../engine/container-record.ts";
import type { Engine } from "../engine/engine.ts";

/** A container as `GET /containers/{id}/json` shows it. */
export function describeContainer(engine: Engine, record: ContainerRecord) {
  const { config, hostConfig } = record;
  return {
    Id: record.id,
    Created: record.createdAt,
    Path: record.path,
    Args: record.args,
    State: describeState(record),
    Image: record.imageId,
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
    HostConfig: {
      ...hostConfig,
      NetworkMode: networkMode(record),
      RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
      LogConfig: { Type: "json-file", Config: {} },
    },
    GraphDriver: { Name: "erofs", Data: null },
    Mounts: record.mounts.map(({ options: _options, anonymous: _anonymous, ...mount }) => mount),
    Config: config,
    NetworkSettings: networkSettings(record),
    ...(record.start === undefined ? {} : { Dvm: { Start: describeStart(record.start) } }),
  };
}

/** DVM's own: where the machine came from, and what the start took. */
function describeStart({ origin, madeTemplate, kernel, phases }: StartReport) {
  return {
    ...(kernel === undefined ? {} : { Kernel: kernel }),
    Origin: origin,
    MadeTemplate: madeTemplate,
    Phases: phases.map(({ name, ms }) => ({ Name: name, Milliseconds: ms })),
  };
}

function describeState(record: ContainerRecord) {
  const { state } = record;
  const failure = state.kind === "created" ? state.failure : undefined;
  const exited = state.kind === "exited" ? state : undefined;
  return {
    Status: state.kind,
    Running: isRunning(record),
    Paused: state.kind === "paused",
    Restarting: false,
    OOMKilled: exited?.oomKilled ?? false,
    Dead: false,
    Pid: "pid" in state ? state.pid : 0,
    ExitCode: exited?.exitCode ?? failure?.exitCode ?? 0,
    Error: exited?.error ?? failure?.error ?? "",
    StartedAt: "startedAt" in state ? state.startedAt : neverTime,
    FinishedAt: exited?.finishedAt ?? neverTime,
  };
}

export function networkMode(record: ContainerRecord): string {
  return record.hostConfig.NetworkMode === "none" ? "none" : "bridge";
}

/** The machine's own user-mode network is shown under the name docker users know. */
export function networkSettings(record: ContainerRecord) {
  const mode = networkMode(record);
  const address = mode === "none" || !isRunning(record) ? "" : "10.0.2.15";
  const gateway = address === "" ? "" : "10.0.2.2";
  const prefix = address === "" ? 0 : 24;
  const mac = address === "" ? "" : record.mac;
  const endpoint = {
    IPAddress: address,
    IPPrefixLen: prefix,
    Gateway: gateway,
    MacAddress: mac,
    NetworkID: mode,
    EndpointID: "",
    Aliases: null,
    DNSNames: null,
  };
  return {
    Bridge: "",
    SandboxID: "",
    Ports: portMap(record),
    IPAddress: address,
    IPPrefixLen: prefix,
    Gateway: gateway,
    MacAddress: mac,
    Networks: { [mode]: endpoint },
  };
}

function portMap(
  record: ContainerRecord,
): Record<string, { HostIp: string; HostPort: string }[] | null> {
  const map: Record<string, { HostIp: string; HostPort: string }[] | null> = {};
  if (isRunning(record)) for (const key of Object.keys(record.config.ExposedPorts)) map[key] = null;
  for (const port of record.ports) {
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

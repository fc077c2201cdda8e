import type { EngineSettings } from "../core.ts";
import type { ContainerRecord, DockerRequest } from "../records.ts";

type HostConfig = DockerRequest["hostConfig"];

/** A request in which what it leaves open is as the daemon's settings say. Pure. */
export function withDaemonDefaults(
  request: DockerRequest,
  settings: Pick<EngineSettings, "containerDefaults" | "logDefaults">,
): DockerRequest {
  const { hostConfig } = request;
  const { containerDefaults } = settings;
  return {
    ...request,
    hostConfig: {
      ...hostConfig,
      ShmSize: hostConfig.ShmSize === 0 ? containerDefaults.shmSizeBytes : hostConfig.ShmSize,
      LogConfig: logConfig(hostConfig.LogConfig, settings.logDefaults),
      Ulimits: mergedUlimits(hostConfig.Ulimits, containerDefaults.ulimits),
      IpcMode: hostConfig.IpcMode || containerDefaults.ipcMode,
      CgroupnsMode: hostConfig.CgroupnsMode || containerDefaults.cgroupnsMode,
      Init: hostConfig.Init ?? (containerDefaults.init ? true : null),
    },
  };
}

/** The same for what Docker doesn't show in a container's configuration. Pure. */
export function runByDaemonDefaults(
  record: ContainerRecord,
  { noNewPrivileges, seccomp }: EngineSettings["containerDefaults"],
): ContainerRecord {
  const { run, request } = record;
  const options = request.hostConfig.SecurityOpt ?? [];
  const says = (name: string) => options.some((option) => option.startsWith(name));
  return {
    ...record,
    run: {
      ...run,
      process: {
        ...run.process,
        noNewPrivileges: says("no-new-privileges") ? run.process.noNewPrivileges : noNewPrivileges,
      },
      confinement: {
        ...run.confinement,
        seccomp: says("seccomp") ? run.confinement.seccomp : seccomp.profile,
      },
    },
  };
}

/** The daemon's options count for its own driver only, and a container's before them. */
function logConfig(
  { Type, Config }: HostConfig["LogConfig"],
  { driver, options }: EngineSettings["logDefaults"],
): HostConfig["LogConfig"] {
  const type = Type || driver;
  return { Type: type, Config: type === driver ? { ...options, ...Config } : Config };
}

function mergedUlimits(
  own: HostConfig["Ulimits"],
  defaults: EngineSettings["containerDefaults"]["ulimits"],
): HostConfig["Ulimits"] {
  const named = new Set(own?.map(({ Name }) => Name));
  const further = defaults.filter(({ Name }) => !named.has(Name));
  return further.length === 0 ? own : [...(own ?? []), ...further];
}

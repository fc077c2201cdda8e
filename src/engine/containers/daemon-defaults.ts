import type { EngineSettings } from "../core.ts";
import type { DockerRequest } from "../records.ts";

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
      Init: hostConfig.Init ?? (containerDefaults.init ? true : null),
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

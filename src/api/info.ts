import { readdir } from "node:fs/promises";
import { arch, hostname, release } from "node:os";
import { type Engine, hostVersion } from "../engine/core.ts";
import { limitSupport } from "../engine/plan.ts";
import { defaultRuntime, runtimes } from "../engine/records.ts";
import { type ApiVersion, isOlder } from "./api-version.ts";
import { statusOf } from "./container-description.ts";
import { goTime } from "../base/timestamps.ts";
import { describeMachines } from "./machines-description.ts";
import { describeRegistries } from "./registries-description.ts";
import { dvmVersion } from "./system-description.ts";

/** `GET /info`: what clients ask before they decide what to ask for. */
export async function describeSystem(engine: Engine, version: ApiVersion) {
  const { parts } = engine;
  return {
    ID: engine.identity.id,
    ...countContainers(engine),
    Images: parts.images.list().length,
    Driver: "erofs",
    DriverStatus: await describeMachines(engine),
    ...abilities,
    ...describeSettings(engine),
    NFd: (await readdir("/proc/self/fd")).length,
    NGoroutines: process.getActiveResourcesInfo().length,
    SystemTime: goTime(new Date()),
    NEventsListener: engine.events.listeners,
    ...(await describeHost(engine)),
    ...(await describeRegistries(engine, version)),
    SecurityOptions: securityOptions(engine, version),
    ...{ ContainerdCommit: none, RuncCommit: none, InitCommit: none },
    ...(isOlder(version, "1.50") ? { BridgeNfIptables: false, BridgeNfIp6tables: false } : {}),
  };
}

function securityOptions({ parts }: Engine, version: ApiVersion): string[] {
  const { seccomp, noNewPrivileges } = parts.settings().containerDefaults;
  const options = [
    ...[`name=seccomp,profile=${seccomp.name}`, "name=cgroupns", "name=virtual-machine"],
    ...(noNewPrivileges ? ["name=no-new-privileges"] : []),
  ];
  if (!isOlder(version, "1.25")) return options;
  return options.map((option) => option.replace(/^name=([^,]*).*/, "$1"));
}

/** What is the same on every host. */
const abilities = {
  Plugins: {
    Volume: ["local"],
    Network: ["bridge", "host", "null"],
    Authorization: null,
    Log: ["json-file", "local", "syslog"],
  },
  ...limitSupport,
  IPv4Forwarding: true,
  IndexServerAddress: "https://index.docker.io/v1/",
  GenericResources: null,
  ServerVersion: dvmVersion,
  Runtimes: Object.fromEntries(runtimes.map((name) => [name, { path: defaultRuntime }])),
  DefaultRuntime: defaultRuntime,
  Swarm: {
    NodeID: "",
    NodeAddr: "",
    LocalNodeState: "inactive",
    ControlAvailable: false,
    Error: "",
    RemoteManagers: null,
  },
  Isolation: "",
  InitBinary: "dvm-agent",
  CDISpecDirs: [],
};

/** What a configuration file and flags made of it. */
function describeSettings({ parts }: Engine) {
  const settings = parts.settings();
  const { debug, labels, logDefaults, experimental, liveRestore, warnings } = settings;
  const pools = settings.addressPools.map(({ base, size }) => ({ Base: base, Size: size }));
  return {
    Debug: debug,
    Labels: labels,
    LoggingDriver: logDefaults.driver,
    ExperimentalBuild: experimental,
    LiveRestoreEnabled: liveRestore,
    ...(pools.length === 0 ? {} : { DefaultAddressPools: pools }),
    Warnings: warnings.length === 0 ? null : warnings,
  };
}

async function describeHost({ parts }: Engine) {
  return {
    KernelVersion: release(),
    OperatingSystem: "DVM (a machine per container)",
    OSVersion: await hostVersion(),
    OSType: "linux",
    Architecture: arch() === "x64" ? "x86_64" : arch(),
    NCPU: parts.hostCpus,
    MemTotal: parts.hostMemoryBytes,
    DockerRootDir: parts.places.dataRoot,
    Name: hostname(),
  };
}

function countContainers({ containers }: Engine) {
  const states = containers.list().map(({ state }) => statusOf(state));
  const count = (wanted: string) => states.filter((state) => state === wanted).length;
  const [running, paused] = [count("running"), count("paused")];
  return {
    Containers: states.length,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: states.length - running - paused,
  };
}

/** Of programs that DVM does without. */
const none = { ID: "" };

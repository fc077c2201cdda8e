import { arch, hostname, release } from "node:os";
import type { Engine } from "../engine/core.ts";
import { describePolicy } from "../engine/images.ts";

export const dvmVersion = "0.1.0";
export const apiVersion = "1.47";
const minimumApiVersion = "1.24";

/** `GET /version`. */
export function describeVersion() {
  const details = {
    ApiVersion: apiVersion,
    MinAPIVersion: minimumApiVersion,
    Os: "linux",
    Arch: "amd64",
    KernelVersion: release(),
  };
  return {
    Platform: { Name: "DVM" },
    Components: [{ Name: "Engine", Version: dvmVersion, Details: details }],
    Version: dvmVersion,
    ...details,
    GitCommit: "",
    GoVersion: "",
    BuildTime: "",
  };
}

/** `GET /info`. */
export async function describeSystem(engine: Engine) {
  const { parts } = engine;
  return {
    ID: hostname(),
    ...countContainers(engine),
    Images: parts.images.list().length,
    Driver: "erofs",
    DriverStatus: await describeMachines(engine),
    ...abilities,
    NCPU: parts.hostCpus,
    MemTotal: parts.hostMemoryBytes,
    Architecture: arch() === "x64" ? "x86_64" : arch(),
    KernelVersion: release(),
    DockerRootDir: parts.places.dataRoot,
    Name: hostname(),
  };
}

/** What is the same on every host. */
const abilities = {
  Plugins: {
    Volume: ["local"],
    Network: ["bridge", "null"],
    Authorization: null,
    Log: ["json-file"],
  },
  MemoryLimit: true,
  SwapLimit: false,
  CpuCfsPeriod: true,
  CpuCfsQuota: true,
  CPUShares: false,
  CPUSet: false,
  PidsLimit: true,
  IPv4Forwarding: true,
  OperatingSystem: "DVM (a machine per container)",
  OSType: "linux",
  CgroupDriver: "none",
  CgroupVersion: "2",
  DefaultRuntime: "dvm",
  Runtimes: { dvm: { path: "dvm" } },
  ServerVersion: dvmVersion,
  LoggingDriver: "json-file",
  SecurityOptions: ["name=virtual-machine"],
  Swarm: { LocalNodeState: "inactive" },
  Labels: [],
  Warnings: null,
  IndexServerAddress: "",
  RegistryConfig: null,
  HttpProxy: "",
  HttpsProxy: "",
  NoProxy: "",
  Debug: false,
  ExperimentalBuild: false,
  LiveRestoreEnabled: true,
};

function countContainers({ containers }: Engine) {
  const records = containers.list();
  const count = (kind: string) => records.filter(({ state }) => state.kind === kind).length;
  return {
    Containers: records.length,
    ContainersRunning: count("running"),
    ContainersPaused: count("paused"),
    ContainersStopped: count("exited") + count("created") + count("restarting"),
  };
}

/** How machines are made here, as pairs that `docker info` prints below the storage driver. */
async function describeMachines(engine: Engine): Promise<[string, string][]> {
  const { parts } = engine;
  const kernel = await parts.chooseKernel(undefined).catch(() => undefined);
  const accelerator =
    kernel === undefined
      ? undefined
      : await parts.hypervisor.chooseAccelerator("auto", kernel).catch(() => undefined);
  return [
    ["Hypervisor", parts.hypervisor.name],
    ["Accelerators", parts.hypervisor.accelerators.join(", ")],
    ["Accelerator", accelerator?.accelerator ?? "unknown"],
    ["Accelerator reason", accelerator?.reason ?? ""],
    ["Kernel", kernel === undefined ? "none" : `${kernel.name} ${kernel.release}`],
    ["Templates", await describeTemplates(engine)],
    ["Pool", describePool(engine)],
    ["Trust policy", await describePolicy(engine)],
  ];
}

async function describeTemplates({ parts }: Engine): Promise<string> {
  return parts.useTemplates ? String((await parts.templates.list()).length) : "off";
}

function describePool({ supply }: Engine): string {
  const { perShape, machines } = supply.pool.limits;
  if (perShape === 0) return "off";
  const ready = [...supply.pool.ready().values()].reduce((sum, count) => sum + count, 0);
  return `${ready} ready; at most ${perShape} of a kind, ${machines} in all`;
}

import { arch, hostname, release } from "node:os";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Engine } from "../../engine/core/engine.ts";
import type { EngineEvent } from "../../engine/core/events.ts";
import { describePolicy } from "../../engine/images/image-trust.ts";
import { describeUsage } from "../disk-usage.ts";
import { matchesLabels, numberParameter, parse, parseFilters, textParameter } from "../query.ts";

export const dvmVersion = "0.1.0";
const apiVersion = "1.47";
const minimumApiVersion = "1.24";

/** `/_ping`, `/version`, `/info`, `/events`, `/system/df`. No build cache: DVM builds nothing. */
export function systemRoutes(app: FastifyInstance, engine: Engine): void {
  app.addHook("onSend", async (_request, reply) => {
    void reply.headers({
      "Api-Version": apiVersion,
      Ostype: "linux",
      Server: `DVM/${dvmVersion} (linux)`,
    });
  });
  app.get("/_ping", (_request, reply) => reply.type("text/plain").send("OK"));
  app.get("/version", describeVersion);
  app.get("/info", () => describeSystem(engine));
  app.get("/system/df", (request) => describeUsage(engine, request.query));
  app.post("/build/prune", () => ({ CachesDeleted: null, SpaceReclaimed: 0 }));
  app.get("/events", (request, reply) => sendEvents(engine, request, reply));
}

function describeVersion() {
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

async function describeSystem(engine: Engine) {
  const records = engine.containers.list();
  const count = (kind: string) => records.filter(({ state }) => state.kind === kind).length;
  const { parts } = engine;
  const kernel = await parts.chooseKernel(undefined).catch(() => undefined);
  const accelerator =
    kernel === undefined
      ? undefined
      : await parts.hypervisor.chooseAccelerator("auto", kernel).catch(() => undefined);
  return {
    ID: hostname(),
    Containers: records.length,
    ContainersRunning: count("running"),
    ContainersPaused: count("paused"),
    ContainersStopped: count("exited") + count("created"),
    Images: parts.images.list().length,
    Driver: "erofs",
    DriverStatus: [
      ["Hypervisor", parts.hypervisor.name],
      ["Accelerators", parts.hypervisor.accelerators.join(", ")],
      ["Accelerator", accelerator?.accelerator ?? "unknown"],
      ["Accelerator reason", accelerator?.reason ?? ""],
      ["Kernel", kernel === undefined ? "none" : `${kernel.name} ${kernel.release}`],
      ["Templates", await describeTemplates(engine)],
      ["Pool", describePool(engine)],
      ["Trust policy", await describePolicy(engine)],
    ],
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
    NCPU: parts.hostCpus,
    MemTotal: parts.hostMemoryBytes,
    OperatingSystem: "DVM (a machine per container)",
    OSType: "linux",
    Architecture: arch() === "x64" ? "x86_64" : arch(),
    KernelVersion: release(),
    CgroupDriver: "none",
    CgroupVersion: "2",
    DefaultRuntime: "dvm",
    Runtimes: { dvm: { path: "dvm" } },
    DockerRootDir: parts.places.dataRoot,
    Name: hostname(),
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

const eventsSchema = z.object({
  since: numberParameter,
  until: numberParameter,
  filters: textParameter,
});
const eventFilters = ["type", "event", "container", "image", "label", "volume"];

async function sendEvents(
  engine: Engine,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { since, until, filters: text } = parse(eventsSchema, request.query, "query");
  const filters = parseFilters(text, eventFilters);
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, { "Content-Type": "application/json" });
  raw.flushHeaders();
  const send = (event: EngineEvent) => {
    if (matches(event, filters)) raw.write(`${JSON.stringify(event)}\n`);
  };
  if (since !== undefined) engine.events.since(since).forEach(send);
  const stop = engine.events.listen(send);
  raw.on("close", stop);
  if (until === undefined) return;
  const timer = setTimeout(() => raw.end(), Math.max(0, until * 1000 - Date.now()));
  raw.on("close", () => clearTimeout(timer));
}

function matches({ Type, Action, Actor }: EngineEvent, filters: Map<string, string[]>): boolean {
  const named = (type: string) => {
    const values = filters.get(type);
    return (
      values === undefined ||
      (Type === type &&
        values.some((value) => Actor.ID.startsWith(value) || Actor.Attributes["name"] === value))
    );
  };
  return (
    (filters.get("type")?.includes(Type) ?? true) &&
    (filters.get("event")?.includes(Action) ?? true) &&
    matchesLabels(Actor.Attributes, filters.get("label") ?? []) &&
    named("container") &&
    named("image") &&
    named("volume")
  );
}

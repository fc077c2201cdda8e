import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import type { ContainerConfig, HostConfig } from "../../engine/container-config.ts";
import { parse } from "../query.ts";
import { consoleSize, emptyMap, flag, number, string, stringMap, strings } from "./fields.ts";

/** Docker takes a command as a list or as one word. */
const command = z
  .union([z.array(z.string()), z.string().transform((word) => [word])])
  .nullish()
  .transform((value) => value ?? null);

const configSchema = z.object({
  Hostname: string,
  Domainname: string,
  User: string,
  AttachStdin: flag,
  AttachStdout: flag,
  AttachStderr: flag,
  Tty: flag,
  OpenStdin: flag,
  StdinOnce: flag,
  Env: strings,
  Cmd: command,
  Image: z.string(),
  Volumes: emptyMap,
  WorkingDir: string,
  Entrypoint: command,
  Labels: stringMap,
  ExposedPorts: emptyMap,
  StopSignal: z.string().optional(),
  StopTimeout: z
    .number()
    .int()
    .nullish()
    .transform((value) => value ?? undefined),
}) satisfies z.ZodType<ContainerConfig>;

/** The body of a commit: what is to be different in the image; undefined for none. */
export function parseConfigOverrides(body: unknown): Omit<ContainerConfig, "Image"> | undefined {
  const schema = configSchema.omit({ Image: true }).nullish();
  return parse(schema, body, "commit config") ?? undefined;
}

const portBinding = z.object({ HostIp: string, HostPort: string });

/** An object of which DVM does nothing but what is listed; everything else must be empty. */
function only(harmless: Record<string, readonly unknown[]>) {
  return z
    .record(z.string(), z.unknown())
    .nullish()
    .transform((given) => {
      for (const [field, value] of Object.entries(given ?? {})) {
        if (isEmpty(value) || harmless[field]?.includes(value) === true) continue;
        throw new DvmError(
          "unsupported",
          `cannot mount with ${field}=${JSON.stringify(value)}: DVM does not support it yet`,
        );
      }
      return undefined;
    });
}

const hostConfigSchema = z.object({
  Binds: strings,
  Mounts: z
    .array(
      z.object({
        Type: z.enum(["bind", "volume", "tmpfs"]),
        Source: string,
        Target: z.string(),
        ReadOnly: flag,
        BindOptions: only({ Propagation: ["", "rprivate", "private"] }),
        VolumeOptions: only({}),
        TmpfsOptions: z
          .object({ SizeBytes: z.number().optional(), Mode: z.number().optional() })
          .nullish()
          .transform((value) => value ?? undefined),
      }),
    )
    .nullish()
    .transform((value) => value ?? []),
  NetworkMode: string,
  PortBindings: z
    .record(
      z.string(),
      z
        .array(portBinding)
        .nullish()
        .transform((value) => value ?? []),
    )
    .nullish()
    .transform((value) => value ?? {}),
  PublishAllPorts: flag,
  AutoRemove: flag,
  CapAdd: strings,
  CapDrop: strings,
  Dns: strings,
  DnsOptions: strings,
  DnsSearch: strings,
  ExtraHosts: strings,
  GroupAdd: strings,
  Privileged: flag,
  ReadonlyRootfs: flag,
  SecurityOpt: strings,
  Tmpfs: stringMap,
  ShmSize: number,
  Sysctls: stringMap,
  Memory: number,
  NanoCpus: number,
  PidsLimit: number,
  Ulimits: z
    .array(z.object({ Name: z.string(), Soft: z.number(), Hard: z.number() }))
    .nullish()
    .transform((value) => value ?? []),
  Init: flag,
  ConsoleSize: consoleSize,
  Dvm: z
    .object({
      Kernel: z.string().optional(),
      Accelerator: z.enum(["auto", "kvm", "tcg"]).optional(),
      NoTemplate: z.boolean().optional(),
    })
    .nullish()
    .transform((value) => value ?? {}),
}) satisfies z.ZodType<HostConfig>;

/** Values that ask for nothing beyond what every machine has. */
const harmless: Record<string, readonly unknown[]> = {
  MemorySwappiness: [-1],
  MemorySwap: [-1],
  RestartPolicy: [],
  LogConfig: [],
  IpcMode: ["private", "shareable"],
  CgroupnsMode: ["private"],
  UTSMode: ["private"],
  PidMode: ["private"],
  Isolation: ["default"],
  OomScoreAdj: [0],
  ContainerIDFile: [],
  // null of the client's own, as docker sends them without being asked
  MaskedPaths: [],
  ReadonlyPaths: [],
};
/** Fields that only say something to the client, or that are looked into below. */
const ignored = new Set(["ContainerIDFile", "RestartPolicy", "LogConfig"]);

interface CreateBody {
  config: ContainerConfig;
  hostConfig: HostConfig;
}

/** Reads the body of `POST /containers/create`; what DVM doesn't do is refused, not ignored. */
export function parseCreateBody(body: unknown): CreateBody {
  const config = parse(configSchema, body, "container config");
  const { HostConfig: given, NetworkingConfig: networking } = parse(
    outerSchema,
    body,
    "container config",
  );
  checkUnsupported(given);
  checkHealth(body);
  checkConfig(body);
  checkNetworks(networking?.EndpointsConfig ?? {});
  const hostConfig = parse(hostConfigSchema, given, "host config");
  return { config, hostConfig };
}

const outerSchema = z.object({
  HostConfig: z
    .record(z.string(), z.unknown())
    .nullish()
    .transform((value) => value ?? {}),
  NetworkingConfig: z
    .object({ EndpointsConfig: z.record(z.string(), z.unknown()).nullish() })
    .nullish(),
});

function checkUnsupported(given: Record<string, unknown>): void {
  for (const [field, value] of Object.entries(given)) {
    if (field in hostConfigSchema.shape || ignored.has(field) || isEmpty(value)) continue;
    if (harmless[field]?.includes(value) === true) continue;
    if (field === "MemorySwap" && value === given["Memory"]) continue;
    throw new DvmError(
      "unsupported",
      `cannot create a container with HostConfig.${field}=${JSON.stringify(value)}: DVM does not support it yet`,
    );
  }
  const restart = z.object({ Name: z.string() }).safeParse(given["RestartPolicy"]);
  if (restart.success && !["", "no"].includes(restart.data.Name)) {
    throw new DvmError(
      "unsupported",
      `cannot use restart policy ${restart.data.Name}: DVM does not restart containers yet`,
    );
  }
  const log = z.object({ Type: z.string() }).safeParse(given["LogConfig"]);
  if (log.success && !["", "json-file"].includes(log.data.Type)) {
    throw new DvmError(
      "unsupported",
      `cannot use log driver ${log.data.Type}: DVM has json-file only`,
    );
  }
}

const unsupportedConfigSchema = z.object({
  NetworkDisabled: z.boolean().nullish(),
  MacAddress: z.string().nullish(),
});

function checkConfig(body: unknown): void {
  const given = unsupportedConfigSchema.safeParse(body).data ?? {};
  const field = Object.entries(given).find(([, value]) => !isEmpty(value))?.[0];
  if (field === undefined) return;
  throw new DvmError(
    "unsupported",
    `cannot create a container with ${field}: DVM does not support it yet`,
  );
}

const healthSchema = z.object({ Healthcheck: z.object({ Test: z.array(z.string()).nullish() }) });

/** A check that nobody runs would say that all is well. */
function checkHealth(body: unknown): void {
  const [kind] = healthSchema.safeParse(body).data?.Healthcheck.Test ?? [];
  if (kind === undefined || kind === "NONE") return;
  throw new DvmError("unsupported", "cannot use a health check: DVM does not run them yet", {
    hint: "--no-healthcheck leaves it out",
  });
}

function checkNetworks(endpoints: Record<string, unknown>): void {
  const unknown = Object.keys(endpoints).find(
    (name) => !["default", "bridge", "none"].includes(name),
  );
  if (unknown !== undefined) throw new DvmError("not-found", `network ${unknown} not found`);
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === 0 || value === "")
    return true;
  if (Array.isArray(value)) return value.every(isEmpty);
  return typeof value === "object" && Object.values(value).every(isEmpty);
}

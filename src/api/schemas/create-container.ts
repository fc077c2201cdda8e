import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import type {
  ContainerConfig,
  DockerRequest,
  EndpointRequest,
  HostConfig,
} from "../../engine/records/docker-request.ts";
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

/** Each container more takes two of the machine's device slots. */
const maximumRoom = 4;

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

/** Kept as it was given; DVM starts nothing again by itself yet. */
const restartPolicy = z
  .object({ Name: string, MaximumRetryCount: number })
  .nullish()
  .transform((given) => {
    const { Name, MaximumRetryCount } = given ?? { Name: "", MaximumRetryCount: 0 };
    if (!["", "no"].includes(Name))
      throw new DvmError(
        "unsupported",
        `cannot use restart policy ${Name}: DVM does not restart containers yet`,
      );
    if (MaximumRetryCount !== 0)
      throw new DvmError(
        "invalid",
        "invalid restart policy: maximum retry count can only be used with 'on-failure'",
      );
    return { Name: Name === "" ? "no" : Name, MaximumRetryCount };
  });

const logConfig = z
  .object({ Type: string, Config: stringMap })
  .nullish()
  .transform((given) => {
    const { Type, Config } = given ?? { Type: "", Config: {} };
    if (!["", "json-file"].includes(Type))
      throw new DvmError("unsupported", `cannot use log driver ${Type}: DVM has json-file only`);
    return { Type: Type === "" ? "json-file" : Type, Config };
  });

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
  RestartPolicy: restartPolicy,
  LogConfig: logConfig,
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
      Accelerator: z.string().optional(),
      NoTemplate: z.boolean().optional(),
      Room: z.int().min(0).max(maximumRoom).optional(),
    })
    .nullish()
    .transform((value) => value ?? {}),
}) satisfies z.ZodType<HostConfig>;

/** Values that ask for nothing beyond what every machine has. */
const harmless: Record<string, readonly unknown[]> = {
  MemorySwappiness: [-1],
  MemorySwap: [-1],
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
/** Fields that only say something to the client. */
const ignored = new Set(["ContainerIDFile"]);

/** Reads the body of `POST /containers/create`; what DVM doesn't do is refused, not ignored. */
export function parseCreateBody(body: unknown): DockerRequest {
  const config = parse(configSchema, body, "container config");
  const { HostConfig: given, NetworkingConfig: networking } = parse(
    outerSchema,
    body,
    "container config",
  );
  checkUnsupported(given);
  checkHealth(body);
  checkConfig(body);
  const hostConfig = parse(hostConfigSchema, given, "host config");
  return { config, hostConfig, endpoints: parseEndpoints(networking?.EndpointsConfig ?? {}) };
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

const endpointSchema = z.looseObject({
  Aliases: z
    .array(z.string())
    .nullish()
    .transform((value) => value ?? null),
});

/** What an endpoint is asked to be; a field that DVM does nothing with is refused, not dropped. */
function parseEndpoints(given: Record<string, unknown>): Record<string, EndpointRequest> {
  const endpoints: Record<string, EndpointRequest> = {};
  for (const [network, value] of Object.entries(given)) {
    const { Aliases, ...rest } = parse(endpointSchema, value ?? {}, "networking config");
    const field = Object.keys(rest).find((name) => !isEmpty(rest[name]));
    if (field !== undefined)
      throw new DvmError(
        "unsupported",
        `cannot connect to network ${network} with ${field}=${JSON.stringify(rest[field])}: DVM does not support it yet`,
      );
    endpoints[network] = { Aliases };
  }
  return endpoints;
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === 0 || value === "")
    return true;
  if (Array.isArray(value)) return value.every(isEmpty);
  return typeof value === "object" && Object.values(value).every(isEmpty);
}

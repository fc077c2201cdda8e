import { isIP } from "node:net";
import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import {
  type ContainerConfig,
  containerConfigSchema,
  type DockerRequest,
  endpointSchema,
  type HostConfig,
  hostConfigSchema,
} from "../../engine/records.ts";
import { parse } from "../query.ts";
import { checkPolicies } from "./container-policies.ts";

/** The body of a commit: what is to be different in the image; undefined for none. */
export function parseConfigOverrides(body: unknown): Omit<ContainerConfig, "Image"> | undefined {
  const schema = containerConfigSchema.omit({ Image: true }).nullish();
  return parse(schema, body, "commit config") ?? undefined;
}

const mountOptionsSchema = z.array(
  z.object({
    BindOptions: z.record(z.string(), z.unknown()).nullish(),
    VolumeOptions: z.record(z.string(), z.unknown()).nullish(),
  }),
);
/** How every mount is propagated. */
const propagations: readonly unknown[] = ["", "rprivate", "private"];

/** Options of mounts that DVM does nothing with must be empty. */
function checkMounts(mounts: unknown): void {
  for (const { BindOptions, VolumeOptions } of mountOptionsSchema.safeParse(mounts).data ?? [])
    for (const [field, value] of Object.entries({ ...BindOptions, ...VolumeOptions })) {
      if (isEmpty(value) || (field === "Propagation" && propagations.includes(value))) continue;
      throw new DvmError(
        "unsupported",
        `cannot mount with ${field}=${JSON.stringify(value)}: DVM does not support it yet`,
      );
    }
}

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
  checkConfigIsThere(body);
  const config = parse(containerConfigSchema, body, "container config");
  const { HostConfig: given, NetworkingConfig: networking } = parse(
    outerSchema,
    body,
    "container config",
  );
  checkUnsupported(given);
  checkMounts(given["Mounts"]);
  checkHealth(body);
  checkConfig(body);
  const hostConfig = parse(hostConfigSchema, given, "host config");
  checkPolicies(hostConfig);
  checkWords(config, hostConfig);
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

function checkConfigIsThere(body: unknown): void {
  if (body === undefined)
    throw new DvmError("invalid", "invalid JSON: got EOF while reading request body");
  if (isEmpty(body) && !Array.isArray(body))
    throw new DvmError("invalid", "config cannot be empty in order to create a container");
}

function checkWords({ Env }: ContainerConfig, { ShmSize, ExtraHosts }: HostConfig): void {
  const nameless = Env.find((setting) => setting === "" || setting.startsWith("="));
  if (nameless !== undefined)
    throw new DvmError("invalid", `invalid environment variable: ${nameless}`);
  if (ShmSize < 0) throw new DvmError("invalid", "SHM size can not be less than 0");
  for (const host of ExtraHosts) checkExtraHost(host);
}

/** `NAME:ADDRESS`; an address of IPv6 has more colons. */
function checkExtraHost(entry: string): void {
  const colon = entry.indexOf(":");
  if (colon < 1) throw new DvmError("invalid", `bad format for add-host: ${JSON.stringify(entry)}`);
  const address = entry.slice(colon + 1);
  if (address !== "host-gateway" && isIP(address) === 0)
    throw new DvmError("invalid", `invalid IP address in add-host: ${JSON.stringify(address)}`);
}

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

/** What an endpoint is asked to be; a field that DVM does nothing with is refused, not dropped. */
function parseEndpoints(given: Record<string, unknown>): DockerRequest["endpoints"] {
  const endpoints: DockerRequest["endpoints"] = {};
  for (const [network, value] of Object.entries(given)) {
    const { Aliases, ...rest } = parse(
      z.looseObject(endpointSchema.shape),
      value ?? {},
      "networking config",
    );
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

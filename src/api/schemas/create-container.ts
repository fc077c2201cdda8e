import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import { goNamed } from "../../base/go-schema.ts";
import {
  type ContainerConfig,
  containerConfigSchema,
  type DockerRequest,
  endpointSchema,
  hostConfigSchema,
} from "../../engine/records.ts";
import { parseBody } from "../body.ts";

/** The body of a commit: what is to be different in the image; undefined for none. */
export function parseConfigOverrides(body: unknown): Omit<ContainerConfig, "Image"> | undefined {
  if (body === undefined || body === null) return undefined;
  const { Image: _, ...overrides } = parseBody(containerConfigSchema, body, "container.Config");
  return overrides;
}

const endpoint = goNamed("network.EndpointSettings", endpointSchema).nullable();
const createSchema = containerConfigSchema.extend({
  HostConfig: goNamed("container.HostConfig", hostConfigSchema).nullish(),
  NetworkingConfig: goNamed(
    "network.NetworkingConfig",
    z.object({
      EndpointsConfig: goNamed(
        "map[string]*network.EndpointSettings",
        z.record(z.string(), endpoint).nullish(),
      ),
    }),
  ).nullish(),
});

/** Reads the body of `POST /containers/create`; what it asks for the engine judges. */
export function parseCreateBody(body: unknown): DockerRequest {
  if (body === undefined)
    throw new DvmError("invalid", "invalid JSON: got EOF while reading request body");
  const { HostConfig, NetworkingConfig, ...config } = parseBody(
    createSchema,
    body,
    "container.CreateRequest",
    { embedded: true },
  );
  if (hasNoConfig(body))
    throw new DvmError("invalid", "config cannot be empty in order to create a container");
  const endpoints: DockerRequest["endpoints"] = {};
  for (const [network, given] of Object.entries(NetworkingConfig?.EndpointsConfig ?? {})) {
    if (given === null)
      throw new DvmError(
        "invalid",
        `invalid config for network ${network}: EndpointsConfig is nil`,
      );
    endpoints[network] = given;
  }
  return { config, hostConfig: HostConfig ?? hostConfigSchema.parse({}), endpoints };
}

const besideConfig = ["hostconfig", "networkingconfig"];

function hasNoConfig(body: unknown): boolean {
  const names = typeof body === "object" && body !== null ? Object.keys(body) : [];
  return names.every((name) => besideConfig.includes(name.toLowerCase()));
}

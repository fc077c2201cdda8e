import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import {
  type ContainerConfig,
  containerConfigSchema,
  type DockerRequest,
  endpointSchema,
  hostConfigSchema,
} from "../../engine/records.ts";
import { parse } from "../query.ts";

/** The body of a commit: what is to be different in the image; undefined for none. */
export function parseConfigOverrides(body: unknown): Omit<ContainerConfig, "Image"> | undefined {
  const schema = containerConfigSchema.omit({ Image: true }).nullish();
  return parse(schema, body, "commit config") ?? undefined;
}

const outerSchema = z.object({
  HostConfig: hostConfigSchema.nullish(),
  NetworkingConfig: z
    .object({ EndpointsConfig: z.record(z.string(), endpointSchema.nullable()).nullish() })
    .nullish(),
});

/** Reads the body of `POST /containers/create`; what it asks for the engine judges. */
export function parseCreateBody(body: unknown): DockerRequest {
  checkConfigIsThere(body);
  const config = parse(containerConfigSchema, body, "container config");
  const { HostConfig, NetworkingConfig } = parse(outerSchema, body, "container config");
  const endpoints: DockerRequest["endpoints"] = {};
  for (const [network, endpoint] of Object.entries(NetworkingConfig?.EndpointsConfig ?? {})) {
    if (endpoint === null)
      throw new DvmError(
        "invalid",
        `invalid config for network ${network}: EndpointsConfig is nil`,
      );
    endpoints[network] = endpoint;
  }
  return { config, hostConfig: HostConfig ?? hostConfigSchema.parse({}), endpoints };
}

function checkConfigIsThere(body: unknown): void {
  if (body === undefined)
    throw new DvmError("invalid", "invalid JSON: got EOF while reading request body");
  if (body === null || (isObject(body) && Object.keys(body).length === 0))
    throw new DvmError("invalid", "config cannot be empty in order to create a container");
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

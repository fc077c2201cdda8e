import { z } from "zod";
import { configFields } from "./request/container-config.ts";
import { deviceFields } from "./request/device-fields.ts";
import { lifeFields } from "./request/life-fields.ts";
import { mountFields } from "./request/mount-fields.ts";
import { namespaceFields } from "./request/namespace-fields.ts";
import { endpointFields, networkFields } from "./request/network-fields.ts";
import { resourceFields } from "./request/resource-fields.ts";
import { securityFields } from "./request/security-fields.ts";

/*
 * What a container was asked to be, in the Docker Engine API's own shapes and names (v1.51,
 * `ContainerConfig`, `HostConfig`, `EndpointSettings`), since `inspect` gives back what `create` was
 * given. One schema reads request bodies and what is stored: a list or map that is left out is null,
 * as Docker shows it. What runs is decided by the neutral `RunSpecification` made of it.
 */

export const containerConfigSchema = z.object(configFields);
export type ContainerConfig = z.infer<typeof containerConfigSchema>;

/** Limits, as creation and `update` have them. */
export const resourcesSchema = z.object(resourceFields);
export type Resources = z.infer<typeof resourcesSchema>;

export const hostConfigSchema = z.object({
  ...mountFields,
  ...networkFields,
  ...lifeFields,
  ...securityFields,
  ...namespaceFields,
  ...resourceFields,
  ...deviceFields,
  Dvm: z
    .object({
      Kernel: z.string().optional(),
      Accelerator: z.string().optional(),
      NoTemplate: z.boolean().optional(),
      Room: z.int().min(0).optional(),
    })
    .nullish()
    .transform((value) => value ?? {}),
});
export type HostConfig = z.infer<typeof hostConfigSchema>;

export const endpointSchema = z.object(endpointFields);

export const dockerRequestSchema = z.object({
  config: containerConfigSchema,
  hostConfig: hostConfigSchema,
  /** By the network's name. */
  endpoints: z.record(z.string(), endpointSchema),
});
export type DockerRequest = z.infer<typeof dockerRequestSchema>;

import { z } from "zod";
import {
  consoleSize,
  emptyMap,
  flag,
  number,
  string,
  stringMap,
  strings,
} from "../../base/json-fields.ts";

/*
 * What a container was asked to be, in the Docker Engine API's own shapes and names (v1.47,
 * `ContainerConfig`, `HostConfig`, `EndpointSettings`), since `inspect` gives back what `create` was
 * given. One schema reads request bodies and what is stored: fields that are left out get their
 * defaults, others are dropped. What runs is decided by the neutral `RunSpecification` made of it.
 */

/** Larger ones than JavaScript counts one by one too: they stand for no limit. */
const whole = z.number().refine(Number.isInteger, "it must be a whole number");

/** Docker takes a command as a list or as one word. */
const command = z
  .union([z.array(z.string()), z.string().transform((word) => [word])])
  .nullish()
  .transform((value) => value ?? null);

export const containerConfigSchema = z.object({
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
    .transform((value) => value ?? undefined)
    .optional(),
});
export type ContainerConfig = z.infer<typeof containerConfigSchema>;

const portBinding = z.object({ HostIp: string, HostPort: string });

const restartPolicy = z
  .object({ Name: string, MaximumRetryCount: number })
  .nullish()
  .transform((given) => ({
    Name: given?.Name || "no",
    MaximumRetryCount: given?.MaximumRetryCount ?? 0,
  }));

const logConfig = z
  .object({ Type: string, Config: stringMap })
  .nullish()
  .transform((given) => ({ Type: given?.Type ?? "", Config: given?.Config ?? {} }));

export const hostConfigSchema = z.object({
  Binds: strings,
  Mounts: z
    .array(
      z.object({
        Type: z.enum(["bind", "volume", "tmpfs"]),
        Source: string,
        Target: z.string(),
        ReadOnly: flag,
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
    .array(z.object({ Name: z.string(), Soft: whole, Hard: whole }))
    .nullish()
    .transform((value) => value ?? []),
  Init: flag,
  ConsoleSize: consoleSize,
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

/** What an endpoint may be asked for; the other fields of Docker's are refused. */
export const endpointSchema = z.object({
  Aliases: z
    .array(z.string())
    .nullish()
    .transform((value) => value ?? null),
});

export const dockerRequestSchema = z.object({
  config: containerConfigSchema,
  hostConfig: hostConfigSchema,
  /** By the network's name. */
  endpoints: z.record(z.string(), endpointSchema),
});
export type DockerRequest = z.infer<typeof dockerRequestSchema>;

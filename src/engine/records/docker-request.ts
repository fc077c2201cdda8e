import { z } from "zod";

/**
 * What a container was asked to be, in the Docker Engine API's own shapes and names (v1.47,
 * `ContainerConfig`, `HostConfig`, `EndpointSettings`), since `inspect` gives back what `create` was
 * given. What runs is decided by the neutral {@link RunSpecification} that is made of it.
 */
const strings = z.array(z.string());
const texts = z.record(z.string(), z.string());
const sets = z.record(
  z.string(),
  z.custom<object>((value) => typeof value === "object" && value !== null),
);
const command = strings.nullable();

const containerConfigSchema = z.object({
  Hostname: z.string(),
  Domainname: z.string(),
  User: z.string(),
  AttachStdin: z.boolean(),
  AttachStdout: z.boolean(),
  AttachStderr: z.boolean(),
  Tty: z.boolean(),
  OpenStdin: z.boolean(),
  StdinOnce: z.boolean(),
  Env: strings,
  Cmd: command,
  Image: z.string(),
  Volumes: sets.nullable(),
  WorkingDir: z.string(),
  Entrypoint: command,
  Labels: texts,
  ExposedPorts: sets,
  StopSignal: z.string().optional(),
  StopTimeout: z.number().optional(),
});
export type ContainerConfig = z.infer<typeof containerConfigSchema>;

const mountRequestSchema = z.object({
  Type: z.enum(["bind", "volume", "tmpfs"]),
  Source: z.string(),
  Target: z.string(),
  ReadOnly: z.boolean(),
  TmpfsOptions: z
    .object({ SizeBytes: z.number().optional(), Mode: z.number().optional() })
    .optional(),
});

const hostConfigSchema = z.object({
  Binds: strings,
  Mounts: z.array(mountRequestSchema),
  NetworkMode: z.string(),
  PortBindings: z.record(
    z.string(),
    z.array(z.object({ HostIp: z.string(), HostPort: z.string() })),
  ),
  PublishAllPorts: z.boolean(),
  AutoRemove: z.boolean(),
  RestartPolicy: z.object({ Name: z.string(), MaximumRetryCount: z.number() }),
  LogConfig: z.object({ Type: z.string(), Config: texts }),
  CapAdd: strings,
  CapDrop: strings,
  Dns: strings,
  DnsOptions: strings,
  DnsSearch: strings,
  ExtraHosts: strings,
  GroupAdd: strings,
  Privileged: z.boolean(),
  ReadonlyRootfs: z.boolean(),
  SecurityOpt: strings,
  Tmpfs: texts,
  ShmSize: z.number(),
  Sysctls: texts,
  Memory: z.number(),
  NanoCpus: z.number(),
  PidsLimit: z.number(),
  Ulimits: z.array(z.object({ Name: z.string(), Soft: z.number(), Hard: z.number() })),
  Init: z.boolean(),
  /** Rows and columns of the terminal at its start; zeros: not known. */
  ConsoleSize: z.array(z.number()),
  /** DVM's own: which kernel and accelerator, in place of the best there is. */
  Dvm: z.object({
    Kernel: z.string().optional(),
    Accelerator: z.string().optional(),
    /** The machine boots, though a template would be quicker. */
    NoTemplate: z.boolean().optional(),
    /** For how many further containers the machine leaves room. */
    Room: z.number().optional(),
  }),
});
export type HostConfig = z.infer<typeof hostConfigSchema>;

/** What an endpoint may be asked for; the other fields of Docker's are refused. */
const endpointSchema = z.object({ Aliases: strings.nullable() });
export type EndpointRequest = z.infer<typeof endpointSchema>;

export const dockerRequestSchema = z.object({
  config: containerConfigSchema,
  hostConfig: hostConfigSchema,
  /** By the network's name. */
  endpoints: z.record(z.string(), endpointSchema),
});
export type DockerRequest = z.infer<typeof dockerRequestSchema>;

import { z } from "zod";
import { endpointSpecificationSchema } from "./endpoint.ts";

const strings = z.array(z.string());

/** A place in the container that is not of its image. */
const mountSchema = z.object({
  kind: z.enum(["bind", "volume", "tmpfs", "image"]),
  /** On the host; empty for a tmpfs, of an image its id. */
  source: z.string(),
  target: z.string(),
  readOnly: z.boolean(),
  /** Name of the volume. */
  volume: z.string().optional(),
  /** The volume was made for this container and goes with it. */
  anonymous: z.boolean().optional(),
  /** Of a bind: where nothing is at its source, a folder is made there at the start. */
  makesSource: z.boolean().optional(),
  /** How Docker shows it: what stood behind the target, as `ro,z`. */
  mode: z.string().optional(),
  /** Of a bind: how mounts below it spread; left out: they don't. */
  propagation: z.string().optional(),
  /** Of a bind: what is mounted below its source is not to be seen, or is to stay writable. */
  topOnly: z.enum(["seen", "read-only"]).optional(),
  /** Of a bind: options that exclude each other, in Docker's words. */
  conflict: z.string().optional(),
  /** Of a volume or an image: the part of it that is mounted. */
  subpath: z.string().optional(),
  /** Of a volume: it begins empty, whatever the image has at its target. */
  startsEmpty: z.boolean().optional(),
  /** Of a volume: how it is made, where there is none yet. */
  making: z
    .object({
      driver: z.string(),
      options: z.record(z.string(), z.string()).nullable(),
      labels: z.record(z.string(), z.string()).nullable(),
    })
    .optional(),
  /** Of an image: as it was asked for. */
  imageName: z.string().optional(),
  /** tmpfs only: options as `size=1m,mode=1777`. */
  options: z.string().optional(),
});
export type Mount = z.infer<typeof mountSchema>;

export const boundPortSchema = z.object({
  containerPort: z.number(),
  protocol: z.enum(["tcp", "udp"]),
  hostAddress: z.string(),
  /** 0 until the container runs, where the user left the choice open. */
  hostPort: z.number(),
});
export type BoundPort = z.infer<typeof boundPortSchema>;

const requestedPortSchema = boundPortSchema.extend({
  /** As it was asked for: there may be none of that name. */
  protocol: z.string(),
  /** The last of a range on the host that begins with `hostPort`: any that is free is good. */
  lastHostPort: z.number().optional(),
  /** On all addresses of both families, where the host has both. */
  ofBothFamilies: z.boolean().optional(),
});
export type RequestedPort = z.infer<typeof requestedPortSchema>;

const processSchema = z.object({
  /** The program first. */
  args: strings,
  /** Of image and user; what every process has comes before it. */
  env: strings,
  cwd: z.string(),
  user: z.string(),
  groupsAdd: strings,
  tty: z.boolean(),
  stdin: z.boolean(),
  terminal: z.object({ rows: z.number(), columns: z.number() }),
  capabilities: z.object({ add: strings, drop: strings }),
  privileged: z.boolean(),
  noNewPrivileges: z.boolean(),
  /** By the names of setrlimit(2), in lower case without `RLIMIT_`; -1: none. */
  limits: z.array(z.object({ name: z.string(), soft: z.number(), hard: z.number() })),
  /** It runs under a reaper that passes signals on. */
  reaper: z.boolean(),
  /** `oom_score_adj` of proc(5). */
  oomScore: z.number().default(0),
});

/** What its networks have in common. */
const networkSchema = z.object({
  /** Ports as they were asked for; 0 on the host means any. */
  ports: z.array(requestedPortSchema),
  nameservers: strings,
  search: strings,
  options: strings,
});

/** A program that is run in the container at intervals, and tells by its exit code whether all is well. */
const healthSchema = z.object({
  args: strings,
  intervalNs: z.number(),
  timeoutNs: z.number(),
  /** So long a failure counts for nothing, and probes come at intervals of their own. */
  startPeriodNs: z.number(),
  startIntervalNs: z.number(),
  /** After so many failures in a row all is not well. */
  retries: z.number(),
});

/** What keeps its processes from doing and seeing all. */
const confinementSchema = z.object({
  /** A profile in JSON, or its name; empty: what every container has. */
  seccomp: z.string(),
  /** Null: Docker's. */
  maskedPaths: strings.nullable(),
  readOnlyPaths: strings.nullable(),
  writableCgroups: z.boolean(),
  devices: z.array(z.object({ source: z.string(), target: z.string(), access: z.string() })),
  /** As `c 10:* rwm`, beside Docker's. */
  deviceRules: strings,
  /** What is asked of drivers that DVM doesn't have. */
  deviceRequests: z
    .array(z.object({ driver: z.string(), ids: strings, capabilities: z.array(strings) }))
    .default([]),
});

const none = z.number().default(0);
/** 0: none. What records of earlier versions lack is none, too. */
const limitsSchema = z.object({
  memoryBytes: z.number(),
  /** What is left to it when others want some. */
  memoryReservationBytes: none,
  nanoCpus: z.number(),
  cpuQuotaUs: none,
  cpuPeriodUs: none,
  /** As cgroup v1 counts: 1024 is everybody's. */
  cpuShares: none,
  /** Processors of the machine as `0-2,4`; empty: all. */
  processors: z.string().default(""),
  processes: z.number(),
});

/** What is to run, whoever asked for it: all that a start reads. */
export const runSpecificationSchema = z.object({
  imageId: z.string(),
  process: processSchema,
  hostname: z.string(),
  domainname: z.string(),
  /** `name:address` */
  extraHosts: strings,
  mounts: z.array(mountSchema),
  /** What the agent is told, by the names of `ContainerSetup`. */
  inside: z.object({
    readOnlyRoot: z.boolean(),
    shmSizeBytes: z.number(),
    /** Whose shared memory it has: none at all, or as much as a host without containers. */
    sharedMemory: z.enum(["own", "none", "host"]).default("own"),
    sysctls: z.record(z.string(), z.string()),
  }),
  confinement: confinementSchema.default({
    ...{ seccomp: "", maskedPaths: null, readOnlyPaths: null, writableCgroups: false },
    ...{ devices: [], deviceRules: [], deviceRequests: [] },
  }),
  limits: limitsSchema,
  /** Of its own disk; undefined: as much as all have. */
  diskBytes: z.number().optional(),
  /** Undefined: it has no network of its own. */
  network: networkSchema.optional(),
  /** The networks that it is in; none where it shares another container's. */
  networks: z.array(endpointSpecificationSchema),
  health: healthSchema.optional(),
  /** Containers that it is told of, each under a name of its own. */
  links: z.array(z.object({ container: z.string(), alias: z.string() })).default([]),
  stop: z.object({ signal: z.string(), timeoutSeconds: z.number().optional() }),
  /** With its anonymous volumes, once it has ended. */
  removeWhenEnded: z.boolean(),
  /** What is wished of the machine, in place of the best there is. */
  machine: z.object({
    kernel: z.string().optional(),
    accelerator: z.string().optional(),
    noTemplate: z.boolean(),
    /** For how many further containers, that come when it runs; undefined: as it has places. */
    room: z.number().optional(),
    /** Id of the container whose machine, and network, this one shares; undefined: it gets its own. */
    sharedWith: z.string().optional(),
    /** Ids of containers in whose machine it is, as it has their IPC, or sees their processes. */
    sharesIpcWith: z.string().optional(),
    sharesPidWith: z.string().optional(),
  }),
});
export type RunSpecification = z.infer<typeof runSpecificationSchema>;

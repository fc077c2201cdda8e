import { z } from "zod";
import { dockerRequestSchema } from "./docker-request.ts";
import { boundPortSchema, type Mount } from "./run-specification.ts";
import { noRestarts } from "./decide-restart.ts";
import { specifyRun } from "./specify-run.ts";
import { ownEndpoints } from "./earlier-networks.ts";
import { withDefaults } from "./request/with-defaults.ts";
import {
  createdSchema,
  exitedSchema,
  startReportSchema,
  type StoredContainer,
} from "./stored-container.ts";

/* Containers as the first version of the state store kept them, which had no versions. */

const mountPoint = z.object({
  Type: z.enum(["bind", "volume", "tmpfs"]),
  Name: z.string().optional(),
  Source: z.string(),
  Destination: z.string(),
  RW: z.boolean(),
  options: z.string().optional(),
  anonymous: z.boolean().optional(),
});

const request = dockerRequestSchema.shape;
const recordSchema = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: z.string(),
  imageId: z.string(),
  config: request.config,
  hostConfig: request.hostConfig.omit({ RestartPolicy: true, LogConfig: true }),
  path: z.string(),
  args: z.array(z.string()),
  mounts: z.array(mountPoint),
  mac: z.string(),
  requestedPorts: z.array(boundPortSchema),
  ports: z.array(boundPortSchema),
  restartCount: z.number(),
  state: z.discriminatedUnion("kind", [
    createdSchema,
    z.object({ kind: z.enum(["running", "paused"]), startedAt: z.string() }),
    exitedSchema,
  ]),
  start: startReportSchema.optional(),
});

/** What the first version stored as `text`, in today's shape. Throws where it is none of that. */
export function upgradeFirstVersion(text: string): StoredContainer {
  const old = recordSchema.parse(JSON.parse(text));
  const { id, name, createdAt, imageId, config, mac, ports, restartCount, state } = old;
  const hostConfig = {
    ...old.hostConfig,
    RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
    LogConfig: { Type: "json-file", Config: {} },
  };
  const mounts = old.mounts.map(neutralMount);
  const run = specifyRun(
    { config, hostConfig, endpoints: {} },
    { imageId, mounts, ports: old.requestedPorts },
  );
  return {
    version: 3,
    ...{ id, name, createdAt, restartCount, restart: noRestarts },
    imageName: config.Image,
    labels: config.Labels,
    request: { config, hostConfig: withDefaults(hostConfig), endpoints: {} },
    run: { ...run, process: { ...run.process, args: [old.path, ...old.args] } },
    // the machine had the container's id
    state:
      "finishedAt" in state || state.kind === "created"
        ? state
        : { ...state, machineId: id, ports, endpoints: ownEndpoints(mac) },
    ...(old.start === undefined ? {} : { lastStart: old.start }),
  };
}

function neutralMount(mount: z.infer<typeof mountPoint>): Mount {
  const { Type, Name, Source, Destination, RW, options, anonymous } = mount;
  return {
    kind: Type,
    source: Source,
    target: Destination,
    readOnly: !RW,
    ...(Name === undefined ? {} : { volume: Name }),
    ...(options === undefined ? {} : { options }),
    ...(anonymous === undefined ? {} : { anonymous }),
  };
}

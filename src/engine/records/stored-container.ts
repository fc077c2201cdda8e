import { z } from "zod";
import { type ContainerRecord } from "./container-record.ts";
import type { ContainerState } from "./container-state.ts";
import { noRestarts, restartRecordSchema } from "./decide-restart.ts";
import { dockerRequestSchema } from "./docker-request.ts";
import { withDefaults } from "./request/with-defaults.ts";
import { healthSchema } from "./health.ts";
import { withNetworks } from "./earlier-networks.ts";
import { runEndpointSchema } from "./endpoint.ts";
import { boundPortSchema, runSpecificationSchema } from "./run-specification.ts";

const runNetwork = { ports: z.array(boundPortSchema), endpoints: z.array(runEndpointSchema) };
export const createdSchema = z.object({
  kind: z.literal("created"),
  failure: z.object({ exitCode: z.number(), error: z.string() }).optional(),
});
export const exitedSchema = z.object({
  kind: z.literal("exited"),
  startedAt: z.string(),
  finishedAt: z.string(),
  exitCode: z.number(),
  oomKilled: z.boolean(),
  error: z.string(),
});
const restartingSchema = exitedSchema.extend({
  kind: z.literal("restarting"),
  dueAt: z.string(),
});
const stateSchema = z.discriminatedUnion("kind", [
  createdSchema,
  z.object({
    kind: z.enum(["running", "paused"]),
    startedAt: z.string(),
    lastFinishedAt: z.string().optional(),
    machineId: z.string(),
    ...runNetwork,
  }),
  restartingSchema,
  exitedSchema,
]);
type StoredState = z.infer<typeof stateSchema>;

export const startReportSchema = z.object({
  origin: z.enum(["pool", "clone", "cold", "shared"]),
  madeTemplate: z.boolean(),
  kernel: z.string().optional(),
  phases: z.array(z.object({ name: z.string(), ms: z.number() })),
});

/**
 * A container as the state store keeps it, in JSON. Another shape is another `version`: the first
 * had no defaults in what was asked for, and up to the second a container had one network.
 */
const storedSchema = z.object({
  version: z.literal([1, 2, 3]),
  id: z.string(),
  name: z.string(),
  createdAt: z.string(),
  imageName: z.string(),
  labels: z.record(z.string(), z.string()),
  request: dockerRequestSchema,
  run: runSpecificationSchema,
  restartCount: z.number(),
  restart: restartRecordSchema.default(noRestarts),
  health: healthSchema.optional(),
  state: stateSchema,
  lastStart: startReportSchema.optional(),
});
export type StoredContainer = z.infer<typeof storedSchema>;

export function encodeContainer(record: ContainerRecord): string {
  const stored: StoredContainer = { version: 3, ...record, state: storedState(record.state) };
  return JSON.stringify(stored);
}

/** Throws where the stored text is none of ours. What ran is `detached` until it is taken up. */
export function decodeContainer(text: string): ContainerRecord {
  const { version, ...stored } = storedSchema.parse(withNetworks(JSON.parse(text)));
  const { request, state } = stored;
  const hostConfig = version === 1 ? withDefaults(request.hostConfig) : request.hostConfig;
  return { ...stored, request: { ...request, hostConfig }, state: liveState(state) };
}

function storedState(state: ContainerState): StoredState {
  switch (state.kind) {
    case "running":
    case "paused": {
      const { run, ...rest } = state;
      return { ...rest, machineId: run.machine.id };
    }
    case "detached": {
      const { isPaused, ...rest } = state;
      return { ...rest, kind: isPaused ? "paused" : "running" };
    }
    case "created":
    case "restarting":
    case "exited":
      return state;
  }
}

function liveState(state: StoredState): ContainerState {
  if (!("machineId" in state)) return state;
  return { ...state, kind: "detached", isPaused: state.kind === "paused" };
}

/** The machine that a container runs in, as far as that is known. */
export function machineOf(record: ContainerRecord): string | undefined {
  const stored = storedState(record.state);
  return "machineId" in stored ? stored.machineId : undefined;
}

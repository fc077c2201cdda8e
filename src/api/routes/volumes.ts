import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import type { Engine } from "../../engine/core.ts";
import { pruneVolumes } from "../../engine/upkeep.ts";
import { createVolume, describeVolume, findVolume, removeVolume } from "../../engine/volumes.ts";
import { hasNoneOf, isTrue, matchesLabels, parse, parseFilters, textParameter } from "../query.ts";
import { nameOf } from "./containers.ts";

const createSchema = z.object({
  Name: z
    .string()
    .optional()
    .transform((name) => name ?? ""),
  Driver: z.string().optional(),
  DriverOpts: z.record(z.string(), z.string()).nullish(),
  Labels: z
    .record(z.string(), z.string())
    .nullish()
    .transform((labels) => labels ?? {}),
});
const filtersSchema = z.object({ filters: textParameter });

/** `/volumes`: folders of the daemon's own, driver `local`. */
export function volumeRoutes(app: FastifyInstance, engine: Engine): void {
  app.get("/volumes", (request) => listVolumes(engine, request.query));
  app.post("/volumes/create", (request, reply) => create(engine, request, reply));
  app.get("/volumes/:name", (request) =>
    describeVolume(engine, findVolume(engine, nameOf(request.params))),
  );

  app.delete("/volumes/:name", async (request, reply) => {
    await removeVolume(engine, nameOf(request.params));
    return reply.status(204).send();
  });

  app.post("/volumes/prune", (request) => prune(engine, request.query));
}

function listVolumes(engine: Engine, query: unknown) {
  const { filters: text } = parse(filtersSchema, query, "query");
  const filters = parseFilters(text, ["name", "label", "driver", "dangling"]);
  const used = new Set(
    engine.containers.list().flatMap(({ run }) => run.mounts.map(({ volume }) => volume)),
  );
  const volumes = engine.state.volumes().filter(({ name, labels }) => {
    const dangling = filters.get("dangling");
    return (
      (filters.get("name") ?? [""]).some((part) => name.includes(part)) &&
      (filters.get("driver") ?? ["local"]).includes("local") &&
      (dangling === undefined || isTrue(dangling) === !used.has(name)) &&
      matchesLabels(labels, filters.get("label") ?? [])
    );
  });
  return { Volumes: volumes.map((volume) => describeVolume(engine, volume)), Warnings: null };
}

async function create(engine: Engine, request: FastifyRequest, reply: FastifyReply) {
  const body = parse(createSchema, request.body ?? {}, "volume");
  if (body.Driver !== undefined && !["", "local"].includes(body.Driver)) {
    throw new DvmError(
      "not-found",
      `create ${body.Name}: error looking up volume plugin ${body.Driver}: plugin "${body.Driver}" not found`,
    );
  }
  if (Object.keys(body.DriverOpts ?? {}).length > 0) {
    throw new DvmError(
      "unsupported",
      "cannot create a volume with driver options: DVM's local driver has none",
    );
  }
  const volume = await createVolume(engine, {
    name: body.Name,
    labels: body.Labels,
    anonymous: false,
  });
  return reply.status(201).send(describeVolume(engine, volume));
}

/** Of anonymous volumes that nobody uses, or of all such. */
async function prune(engine: Engine, query: unknown) {
  const { filters: text } = parse(filtersSchema, query, "query");
  const filters = parseFilters(text, ["all", "label", "label!"]);
  const all = isTrue(filters.get("all"));
  const { names, freedBytes } = await pruneVolumes(
    engine,
    ({ anonymous, labels }) =>
      (all || anonymous) &&
      matchesLabels(labels, filters.get("label") ?? []) &&
      hasNoneOf(labels, filters.get("label!") ?? []),
  );
  return { VolumesDeleted: names, SpaceReclaimed: freedBytes };
}

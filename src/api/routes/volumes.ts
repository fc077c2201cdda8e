import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import type { Engine } from "../../engine/core.ts";
import { pruneVolumes } from "../../engine/upkeep.ts";
import {
  checkDriver,
  createVolume,
  describeVolume,
  findVolume,
  removeVolume,
} from "../../engine/volumes.ts";
import { map, string } from "../../base/json-fields.ts";
import { asksBefore } from "../api-version.ts";
import { parseBody } from "../body.ts";
import {
  type Filters,
  flagFilter,
  matchesExactly,
  matchesLabelFilters,
  matchesLabels,
  matchesPattern,
  parseFilters,
} from "../filters.ts";
import { flagParameter, parse, textParameter } from "../query.ts";
import { requireJson } from "../require-json.ts";
import { nameOf } from "./containers.ts";

const createSchema = z.object({
  Name: string,
  Driver: string,
  DriverOpts: map(string),
  Labels: map(string),
});
const filtersSchema = z.object({ filters: textParameter });
const json = { onRequest: requireJson };

/** `/volumes`: folders of the daemon's own, driver `local`. */
export function volumeRoutes(app: FastifyInstance, engine: Engine): void {
  app.get("/volumes", (request) => listVolumes(engine, request.query));
  app.post("/volumes/create", json, (request, reply) => create(engine, request, reply));
  app.get("/volumes/:name", (request) =>
    describeVolume(engine, findVolume(engine, nameOf(request.params))),
  );

  app.put("/volumes/:name", () => {
    throw new DvmError(
      "switched-off",
      "volume update only valid for cluster volumes, but swarm is unavailable",
    );
  });

  app.delete("/volumes/:name", async (request, reply) => {
    const { force } = parse(z.object({ force: flagParameter }), request.query, "query");
    const name = nameOf(request.params);
    const isKnown = engine.state.volumes().some((volume) => volume.name === name);
    if (isKnown || !force) await removeVolume(engine, name);
    return reply.status(204).send();
  });

  app.post("/volumes/prune", (request) => prune(engine, request));
}

function listVolumes(engine: Engine, query: unknown) {
  const { filters: text } = parse(filtersSchema, query, "query");
  const filters = readingVolumes(() => parseFilters(text, ["name", "label", "driver", "dangling"]));
  const dangling = flagFilter(filters, "dangling");
  const used = new Set(
    engine.containers.list().flatMap(({ run }) => run.mounts.map(({ volume }) => volume)),
  );
  const volumes = engine.state
    .volumes()
    .filter(
      ({ name, labels }) =>
        matchesPattern(filters, "name", name) &&
        matchesExactly(filters, "driver", "local") &&
        matchesLabels(labels, filters.get("label") ?? []) &&
        (dangling === undefined || dangling === !used.has(name)),
    );
  return { Volumes: volumes.map((volume) => describeVolume(engine, volume)), Warnings: null };
}

function readingVolumes(read: () => Filters): Filters {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DvmError) || error.message !== "invalid filter") throw error;
    throw new DvmError("invalid", `error reading volume filters: ${error.message}`);
  }
}

async function create(engine: Engine, request: FastifyRequest, reply: FastifyReply) {
  const body = parseBody(createSchema, request.body, "volume.CreateOptions");
  checkDriver(body.Name, body.Driver);
  const volume = await createVolume(engine, {
    name: body.Name,
    labels: body.Labels,
    options: body.DriverOpts,
    anonymous: false,
  });
  return reply.status(201).send(describeVolume(engine, volume));
}

/** Of anonymous volumes that nobody uses, or of all such. Before API 1.42 all were meant. */
async function prune(engine: Engine, request: FastifyRequest) {
  const { filters: text } = parse(filtersSchema, request.query, "query");
  const filters = parseFilters(text, ["all", "label", "label!"]);
  const all = isAll(filters.get("all") ?? []) || asksBefore(request, "1.42");
  const { names, freedBytes } = await pruneVolumes(
    engine,
    ({ anonymous, labels }) => (all || anonymous) && matchesLabelFilters(filters, labels),
  );
  return { VolumesDeleted: names, SpaceReclaimed: freedBytes };
}

const truths = new Map(
  [true, false].flatMap((value) =>
    (value
      ? ["1", "t", "T", "TRUE", "true", "True"]
      : ["0", "f", "F", "FALSE", "false", "False"]
    ).map((word) => [word, value] as const),
  ),
);

function isAll([value, ...more]: readonly string[]): boolean {
  if (value === undefined) return false;
  if (more.length > 0)
    throw new DvmError("invalid", "invalid filter 'all': only one value is expected");
  const truth = truths.get(value);
  if (truth === undefined)
    throw new DvmError(
      "invalid",
      `invalid filter 'all': strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`,
    );
  return truth;
}

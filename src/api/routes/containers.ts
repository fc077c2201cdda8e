import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import { whileAwake } from "../../engine/containers.ts";
import type { Engine } from "../../engine/core.ts";
import type { ContainerRecord } from "../../engine/records.ts";
import { pruneContainers } from "../../engine/upkeep.ts";
import { asksBefore } from "../api-version.ts";
import { describeContainer } from "../container-description.ts";
import { containerSizes, listContainers } from "../container-list.ts";
import { type Filters, matchesLabelFilters, parseFilters, untilFilter } from "../filters.ts";
import { flagParameter, parse, textParameter } from "../query.ts";
import { describeTop, parseTop } from "../top/describe-top.ts";

const nameSchema = z.object({ name: z.string() });

export const nameOf = (parameters: unknown): string => parse(nameSchema, parameters, "path").name;

/** `/containers`: looks, and prune. See container-life.ts and container-streams.ts for the rest. */
export function containerRoutes(app: FastifyInstance, engine: Engine): void {
  app.get("/containers/json", async (request) => {
    const listed = await listContainers(engine, request.query);
    if (!asksBefore(request, "1.46")) return listed;
    return listed.map((one) => ({
      ...one,
      HostConfig: { NetworkMode: one.HostConfig.NetworkMode },
    }));
  });

  app.get("/containers/:name/json", async (request) => {
    const { size } = parse(z.object({ size: flagParameter }), request.query, "query");
    const record = engine.containers.find(nameOf(request.params));
    const [sizes] = size ? await containerSizes(engine, [record]) : [];
    return { ...describeContainer(engine, record), ...sizes };
  });

  app.post("/containers/prune", async (request) => {
    const { filters: text } = parse(z.object({ filters: textParameter }), request.query, "query");
    const filters = parseFilters(text, ["until", "label", "label!"]);
    const { ids, freedBytes } = await pruneContainers(engine, matcher(filters));
    return { ContainersDeleted: ids.length === 0 ? null : ids, SpaceReclaimed: freedBytes };
  });

  app.get("/containers/:name/top", async (request) => {
    const { ps_args } = parse(z.object({ ps_args: textParameter }), request.query, "query");
    const asked = parseTop(ps_args);
    const record = engine.containers.find(nameOf(request.params));
    const list = await whileAwake(engine, record, ({ machine }) =>
      machine.agent.processes(record.id),
    );
    const top = describeTop(list, asked);
    engine.announce("top", record);
    return top;
  });
}

/** `/containers/{id}/checkpoints`: what dockerd has only as an experiment. */
export function checkpointRoutes(app: FastifyInstance): void {
  const refuse = () => {
    throw new DvmError(
      "unsupported",
      "This experimental feature is disabled by default. Start the Docker daemon in experimental mode in order to enable it.",
    );
  };
  app.get("/containers/:name/checkpoints", refuse);
  app.post("/containers/:name/checkpoints", refuse);
  app.delete("/containers/:name/checkpoints/:checkpoint", refuse);
}

function matcher(filters: Filters): (record: ContainerRecord) => boolean {
  const until = untilFilter(filters) ?? Number.POSITIVE_INFINITY;
  return ({ createdAt, labels }) =>
    Date.parse(createdAt) <= until && matchesLabelFilters(filters, labels);
}

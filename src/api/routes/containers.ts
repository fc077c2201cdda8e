import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { whileAwake } from "../../engine/containers.ts";
import type { Engine } from "../../engine/core.ts";
import type { ContainerRecord } from "../../engine/records.ts";
import { pruneContainers } from "../../engine/upkeep.ts";
import { describeContainer } from "../container-description.ts";
import { containerSizes, listContainers } from "../container-list.ts";
import { type Filters, matchesLabelFilters, parseFilters, untilFilter } from "../filters.ts";
import { flagParameter, parse, textParameter } from "../query.ts";

const nameSchema = z.object({ name: z.string() });

export const nameOf = (parameters: unknown): string => parse(nameSchema, parameters, "path").name;

/** `/containers`: looks, and prune. See container-life.ts and container-streams.ts for the rest. */
export function containerRoutes(app: FastifyInstance, engine: Engine): void {
  app.get("/containers/json", (request) => listContainers(engine, request.query));

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
    const record = engine.containers.find(nameOf(request.params));
    const processes = await whileAwake(engine, record, ({ machine }) =>
      machine.agent.processes(record.id),
    );
    engine.announce("top", record);
    return {
      Titles: ["UID", "PID", "PPID", "TTY", "TIME", "CMD"],
      Processes: processes.map((one) => [
        one.user,
        String(one.pid),
        String(one.ppid),
        one.tty,
        cpuTime(one.cpuMs),
        one.command,
      ]),
    };
  });
}

function matcher(filters: Filters): (record: ContainerRecord) => boolean {
  const until = untilFilter(filters) ?? Number.POSITIVE_INFINITY;
  return ({ createdAt, labels }) =>
    Date.parse(createdAt) <= until && matchesLabelFilters(filters, labels);
}

function cpuTime(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

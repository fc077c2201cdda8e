import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { whileAwake } from "../../engine/containers.ts";
import type { Engine } from "../../engine/core.ts";
import type { ContainerRecord } from "../../engine/records.ts";
import { pruneContainers } from "../../engine/upkeep.ts";
import { describeContainer } from "../container-description.ts";
import { containerSizes, listContainers } from "../container-list.ts";
import {
  flagParameter,
  hasNoneOf,
  isBefore,
  matchesLabels,
  parse,
  parseFilters,
  textParameter,
} from "../query.ts";

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
    const { ids, freedBytes } = await pruneContainers(engine, (record) =>
      isWanted(record, filters),
    );
    return { ContainersDeleted: ids, SpaceReclaimed: freedBytes };
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

function isWanted(
  { createdAt, labels }: ContainerRecord,
  filters: ReadonlyMap<string, string[]>,
): boolean {
  return (
    isBefore(createdAt, filters.get("until") ?? []) &&
    matchesLabels(labels, filters.get("label") ?? []) &&
    hasNoneOf(labels, filters.get("label!") ?? [])
  );
}

function cpuTime(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { createContainer } from "../../engine/containers/create-container.ts";
import type { ContainerRecord } from "../../engine/records/container-record.ts";
import type { Engine } from "../../engine/core/engine.ts";
import { pruneContainers } from "../../engine/upkeep/prune.ts";
import { pauseContainer, unpauseContainer } from "../../engine/containers/pause-container.ts";
import { renameContainer } from "../../engine/containers/rename-container.ts";
import { runOf } from "../../engine/containers/run-of.ts";
import { removeContainer } from "../../engine/containers/remove-container.ts";
import { startContainer } from "../../engine/containers/start-container.ts";
import {
  killContainer,
  restartContainer,
  stopContainer,
} from "../../engine/containers/stop-container.ts";
import { containerSizes, listContainers } from "../container-list.ts";
import { describeContainer } from "../container-description.ts";
import {
  flagParameter,
  hasNoneOf,
  isBefore,
  matchesLabels,
  numberParameter,
  parse,
  parseFilters,
  textParameter,
} from "../query.ts";
import { parseCreateBody } from "../schemas/create-container.ts";

const nameSchema = z.object({ name: z.string() });
const stopSchema = z.object({ t: numberParameter, signal: textParameter });

export const nameOf = (parameters: unknown): string => parse(nameSchema, parameters, "path").name;

/** `/containers`: life cycle and looks. Streams are in container-streams.ts. */
export function containerRoutes(app: FastifyInstance, engine: Engine): void {
  app.get("/containers/json", (request) => listContainers(engine, request.query));

  app.post("/containers/create", async (request, reply) => {
    const schema = z.object({ name: textParameter, platform: textParameter });
    const { name, platform } = parse(schema, request.query, "query");
    const record = await createContainer(engine, {
      ...parseCreateBody(request.body),
      name: name === "" ? undefined : name,
      platform: platform === "" ? undefined : platform,
    });
    return reply.status(201).send({ Id: record.id, Warnings: [] });
  });

  app.get("/containers/:name/json", async (request) => {
    const { size } = parse(z.object({ size: flagParameter }), request.query, "query");
    const record = engine.containers.find(nameOf(request.params));
    const [sizes] = size ? await containerSizes(engine, [record]) : [];
    return { ...describeContainer(engine, record), ...sizes };
  });

  app.post("/containers/:name/start", async (request, reply) => {
    const report = await startContainer(engine, engine.containers.find(nameOf(request.params)).id);
    return reply.status(204).header("Dvm-Start", JSON.stringify(report)).send();
  });

  app.post("/containers/:name/stop", async (request, reply) => {
    const { t, signal } = parse(stopSchema, request.query, "query");
    await stopContainer(engine, nameOf(request.params), { timeoutSeconds: t, signal });
    return reply.status(204).send();
  });

  app.post("/containers/:name/restart", async (request, reply) => {
    const { t, signal } = parse(stopSchema, request.query, "query");
    await restartContainer(engine, nameOf(request.params), { timeoutSeconds: t, signal });
    return reply.status(204).send();
  });

  app.post("/containers/:name/kill", async (request, reply) => {
    const { signal } = parse(z.object({ signal: textParameter }), request.query, "query");
    await killContainer(engine, nameOf(request.params), signal ?? "");
    return reply.status(204).send();
  });

  app.post("/containers/:name/pause", async (request, reply) => {
    await pauseContainer(engine, nameOf(request.params));
    return reply.status(204).send();
  });

  app.post("/containers/:name/unpause", async (request, reply) => {
    await unpauseContainer(engine, nameOf(request.params));
    return reply.status(204).send();
  });

  app.post("/containers/:name/rename", async (request, reply) => {
    const { name } = parse(z.object({ name: z.string() }), request.query, "query");
    await renameContainer(engine, nameOf(request.params), name);
    return reply.status(204).send();
  });

  app.delete("/containers/:name", async (request, reply) => {
    const { force, v } = parse(
      z.object({ force: flagParameter, v: flagParameter }),
      request.query,
      "query",
    );
    await removeContainer(engine, nameOf(request.params), { force, volumes: v });
    return reply.status(204).send();
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
    const processes = await runOf(record).machine.agent.processes(record.id);
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

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import {
  killContainer,
  pauseContainer,
  removeLink,
  removeOnRequest,
  renameContainer,
  restartContainer,
  startContainer,
  stopContainer,
  unpauseContainer,
} from "../../engine/containers.ts";
import type { Engine } from "../../engine/core.ts";
import { flagParameter, numberParameter, parse, textParameter } from "../query.ts";
import { nameOf } from "./containers.ts";

const stopSchema = z.object({ t: numberParameter, signal: textParameter });
const killSchema = z.object({ signal: textParameter });
const renameSchema = z.object({ name: textParameter });
const removeSchema = z.object({ force: flagParameter, v: flagParameter, link: flagParameter });

/** Docker lets pass what old clients send for nothing, such as `{}` and line ends. */
const emptyBodyBytes = 7;

/** `/containers`: what happens to them, from start to removal. */
export function containerLifeRoutes(app: FastifyInstance, engine: Engine): void {
  app.post("/containers/:name/start", (request, reply) => start(engine, request, reply));

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
    const { signal } = parse(killSchema, request.query, "query");
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
    const { name } = parse(renameSchema, request.query, "query");
    await renameContainer(engine, nameOf(request.params), name ?? "");
    return reply.status(204).send();
  });

  app.delete("/containers/:name", async (request, reply) => {
    const { force, v, link } = parse(removeSchema, request.query, "query");
    const name = nameOf(request.params);
    if (link) await removeLink(engine, name);
    else await removeOnRequest(engine, name, { force, volumes: v });
    return reply.status(204).send();
  });
}

async function start(engine: Engine, request: FastifyRequest, reply: FastifyReply) {
  if (Number(request.headers["content-length"] ?? 0) > emptyBodyBytes)
    throw new DvmError(
      "invalid",
      "starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24",
    );
  const report = await startContainer(engine, engine.containers.find(nameOf(request.params)).id);
  return reply.status(204).header("Dvm-Start", JSON.stringify(report)).send();
}

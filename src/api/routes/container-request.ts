import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { createContainer, updateContainer } from "../../engine/containers.ts";
import type { Engine } from "../../engine/core.ts";
import { asksBefore, versionOf } from "../api-version.ts";
import { parse, textParameter } from "../query.ts";
import { requireJson } from "../require-json.ts";
import { adaptToVersion } from "../schemas/adapt-to-version.ts";
import { parseCreateBody } from "../schemas/create-container.ts";
import { parseUpdateBody } from "../schemas/update-container.ts";
import { nameOf } from "./containers.ts";

const createSchema = z.object({ name: textParameter, platform: textParameter });

/** `/containers`: what they are asked to be. */
export function containerRequestRoutes(app: FastifyInstance, engine: Engine): void {
  app.post("/containers/create", { onRequest: requireJson }, async (request, reply) => {
    const { name, platform } = parse(createSchema, request.query, "query");
    const adapted = adaptToVersion(parseCreateBody(request.body), versionOf(request));
    const { record, warnings } = await createContainer(engine, {
      ...adapted.request,
      name: name === "" ? undefined : name,
      platform: platform === "" ? undefined : platform,
    });
    return reply.status(201).send({ Id: record.id, Warnings: [...warnings, ...adapted.warnings] });
  });

  app.post("/containers/:name/update", { onRequest: requireJson }, async (request) => {
    const asked = parseUpdateBody(request.body);
    if (asksBefore(request, "1.40")) asked.resources.PidsLimit = null;
    if (!asksBefore(request, "1.42")) asked.resources.KernelMemory = 0;
    const warnings = await updateContainer(engine, nameOf(request.params), asked);
    return { Warnings: warnings.length === 0 ? null : warnings };
  });
}

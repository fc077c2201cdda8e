import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import { commitContainer } from "../../engine/files.ts";
import type { Engine } from "../../engine/core.ts";
import { goneSignal } from "../gone-signal.ts";
import { flagParameter, listParameter, parse, textParameter } from "../query.ts";
import { nameFromParts } from "../name-from-parts.ts";
import { parseConfigOverrides } from "../schemas/create-container.ts";
import { requireJson } from "../require-json.ts";

const commitSchema = z.object({
  container: textParameter,
  repo: textParameter,
  tag: textParameter,
  comment: textParameter,
  author: textParameter,
  pause: z.preprocess((value) => value ?? "1", flagParameter),
  changes: listParameter,
});

/** `POST /commit`. */
export function commitRoute(app: FastifyInstance, engine: Engine): void {
  app.post("/commit", { onRequest: requireJson }, async (request, reply) => {
    const query = parse(commitSchema, request.query, "query");
    const container = query.container ?? "";
    if (container === "") throw new DvmError("invalid", 'invalid name or ID supplied: ""');
    const id = await commitContainer(engine, container, {
      reference: nameFromParts(query.repo, query.tag),
      author: query.author ?? "",
      comment: query.comment ?? "",
      pause: query.pause,
      changes: query.changes,
      overrides: parseConfigOverrides(request.body),
      signal: goneSignal(reply),
    });
    return reply.status(201).send({ Id: id });
  });
}

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import type { Engine } from "../../engine/core.ts";
import { saveImages, verifyImages } from "../../engine/images.ts";
import { answerWithLines } from "../answer-with-lines.ts";
import { flagParameter, listParameter, nameWithTag, parse, textParameter } from "../query.ts";
import { afterStart, sendTar } from "../send-tar.ts";
import { pull } from "./transfers.ts";

/** `/images`: whole images that come, go or are read through. */
export function imageArchiveRoutes(app: FastifyInstance, engine: Engine): void {
  app.get("/images/get", (request, reply) => {
    const { names } = parse(z.object({ names: listParameter }), request.query, "query");
    return sendImages(engine, reply, names);
  });

  app.post("/images/load", (request, reply) => load(engine, request, reply));
  app.post("/images/create", (request, reply) => create(engine, request, reply));
  app.post("/dvm/images/verify", (request, reply) => verify(engine, request, reply));
}

/** One archive of all these. */
export async function sendImages(engine: Engine, reply: FastifyReply, names: string[]) {
  await sendTar(reply, saveImages(engine, names)).catch(afterStart(engine, reply));
  return reply;
}

/** A JSON object an image, as it is looked through. DVM's own. */
async function verify(engine: Engine, request: FastifyRequest, reply: FastifyReply) {
  const { name } = parse(z.object({ name: listParameter }), request.query, "query");
  const found = verifyImages(engine, name);
  await answerWithLines(request, reply, async (_body, write, signal) => {
    for await (const { id, references, layers, problems } of found) {
      if (signal.aborted) return;
      write({ Id: id, RepoTags: references, Layers: layers, Problems: problems });
    }
  });
}

async function load(engine: Engine, request: FastifyRequest, reply: FastifyReply) {
  const { quiet } = parse(z.object({ quiet: flagParameter }), request.query, "query");
  await answerWithLines(request, reply, async (body, write, signal) => {
    const loaded = await engine.parts.images.load(body, {
      signal,
      ...(quiet ? {} : { onProgress: (status: string) => write({ status }) }),
    });
    for (const { id, references } of loaded) {
      const lines =
        references.length === 0
          ? [`Loaded image ID: ${id}`]
          : references.map((name) => `Loaded image: ${name}`);
      for (const line of lines) write({ stream: `${line}\n` });
      engine.events.emit("image", "load", id, {});
    }
  });
}

const createSchema = z.object({
  fromImage: textParameter,
  fromSrc: textParameter,
  repo: textParameter,
  tag: textParameter,
  message: textParameter,
  changes: listParameter,
});

/** A pull, or an import from the request's body. */
async function create(engine: Engine, request: FastifyRequest, reply: FastifyReply) {
  const query = parse(createSchema, request.query, "query");
  if (query.fromImage !== undefined && query.fromImage !== "") return pull(engine, request, reply);
  if (query.fromSrc !== "-") {
    throw new DvmError(
      "unsupported",
      "cannot import from a URL: only from the request's body (fromSrc=-)",
    );
  }
  const reference = nameWithTag(query.repo, query.tag);
  await answerWithLines(request, reply, async (body, write, signal) => {
    const { id } = await engine.parts.images.importRootFs(body, {
      ...(reference === undefined ? {} : { reference }),
      changes: query.changes,
      ...(query.message === undefined ? {} : { message: query.message }),
      signal,
    });
    write({ status: id });
    engine.events.emit("image", "import", id, reference === undefined ? {} : { name: reference });
  });
}

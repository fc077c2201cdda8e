import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import { tarFaultInGoWords } from "../../base/tar/go-words.ts";
import type { Engine } from "../../engine/core.ts";
import { saveImages, verifyImages } from "../../engine/images.ts";
import { answerWithLines, answerWithLinesOrStatus } from "../answer-with-lines.ts";
import { asksBefore } from "../api-version.ts";
import { download, sourceUrl } from "../download.ts";
import { type AskedPlatform, parsePlatformJson } from "../platform-parameter.ts";
import { flagParameter, listParameter, parse, textParameter } from "../query.ts";
import { nameFromParts } from "../name-from-parts.ts";
import { afterStart, sendTar } from "../send-tar.ts";
import { pull } from "./transfers.ts";

/** `/images`: whole images that come, go or are read through. */
export function imageArchiveRoutes(app: FastifyInstance, engine: Engine): void {
  app.get("/images/get", (request, reply) => {
    const { names } = parse(z.object({ names: listParameter }), request.query, "query");
    return sendImages(engine, request, reply, names);
  });

  app.post("/images/load", (request, reply) => load(engine, request, reply));
  app.post("/images/create", (request, reply) => create(engine, request, reply));
  app.post("/dvm/images/verify", (request, reply) => verify(engine, request, reply));
}

/** One archive of all these. */
export async function sendImages(
  engine: Engine,
  request: FastifyRequest,
  reply: FastifyReply,
  names: string[],
) {
  const platform = archivePlatform(request);
  await sendTar(reply, saveImages(engine, names, platform)).catch(afterStart(engine, reply));
  return reply;
}

/** The one platform that an archive is to be for. */
function archivePlatform(request: FastifyRequest): AskedPlatform | undefined {
  const { platform } = parse(z.object({ platform: listParameter }), request.query, "query");
  if (asksBefore(request, "1.48")) return undefined;
  const [asked = "", ...more] = platform;
  if (more.length > 0) throw new DvmError("invalid", "multiple platform parameters not supported");
  return asked === "" ? undefined : parsePlatformJson(asked);
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
  const { quiet: asked } = parse(z.object({ quiet: textParameter }), request.query, "query");
  const { quiet } = parse(z.object({ quiet: flagParameter }), { quiet: asked ?? "1" }, "query");
  const platform = archivePlatform(request);
  await answerWithLines(request, reply, async (body, write, signal) => {
    const loading = engine.parts.images.load(body, {
      signal,
      platform,
      ...(quiet ? {} : { onProgress: (status: string) => write({ status }) }),
    });
    const loaded = await loading.catch((error: unknown) => {
      throw tarFaultInGoWords(error);
    });
    for (const { id, references } of loaded) {
      const lines =
        references.length === 0
          ? [`Loaded image ID: ${id}`]
          : references.map((name) => `Loaded image: ${name}`);
      for (const line of lines) write({ stream: `${line}\n` });
      engine.events.emit("image", "load", id, { name: id });
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

/** A pull, or an import from the request's body or from a URL. */
async function create(engine: Engine, request: FastifyRequest, reply: FastifyReply) {
  const query = parse(createSchema, request.query, "query");
  if (query.fromImage !== undefined && query.fromImage !== "") return pull(engine, request, reply);
  const { fromSrc: source = "", repo, tag, message = "", changes } = query;
  const reference = nameFromParts(repo, tag);
  return answerWithLinesOrStatus(request, reply, async (body, write, signal) => {
    const url = source === "-" ? undefined : sourceUrl(source);
    const tar = url === undefined ? body : await download(url, signal);
    if (url !== undefined) write({ status: `Downloading from ${url}` });
    const { id } = await engine.parts.images.importRootFs(tar, {
      reference,
      changes,
      message: message === "" ? `Imported from ${url ?? source}` : message,
      signal,
    });
    write({ status: id });
    engine.events.emit("image", "import", id, { name: id });
  });
}

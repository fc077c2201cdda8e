import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import type { Engine } from "../../engine/core/engine.ts";
import { imageTrust } from "../../engine/images/image-trust.ts";
import { pruneImages, removeImage, type ImageRemoval } from "../../engine/upkeep/prune.ts";
import { saveImages } from "../../engine/images/save-images.ts";
import { verifyImages } from "../../engine/images/verify-images.ts";
import { answerWithLines } from "../answer-with-lines.ts";
import { describeImage, imageHistory } from "../image-description.ts";
import { listImages, matchesFilters } from "../image-list.ts";
import { afterStart, sendTar } from "../send-tar.ts";
import {
  flagParameter,
  isTrue,
  listParameter,
  nameWithTag,
  parse,
  parseFilters,
  textParameter,
} from "../query.ts";
import { pull, push } from "./transfers.ts";

const pruneFilters = ["dangling", "until", "label", "label!"];

/** `/images`. A name holds slashes, so the routes end in `*`. */
export function imageRoutes(app: FastifyInstance, engine: Engine): void {
  const { images } = engine.parts;

  app.get("/images/json", (request) => listImages(engine, request.query));

  const save = async (reply: FastifyReply, names: string[]) => {
    await sendTar(reply, saveImages(engine, names)).catch(afterStart(engine, reply));
    return reply;
  };

  app.get("/images/get", (request, reply) => {
    const { names } = parse(z.object({ names: listParameter }), request.query, "query");
    return save(reply, names);
  });

  app.get("/images/*", async (request, reply) => {
    const path = wildcard(request);
    const [, name = "", what = ""] = /^(.*)\/(json|history|get)$/.exec(path) ?? [];
    if (what === "get") return save(reply, [name]);
    if (what === "json") {
      const image = images.find(name);
      return describeImage(image, await imageTrust(engine, image, name));
    }
    if (what === "history") return imageHistory(engine, images.find(name));
    throw new DvmError("not-found", "page not found");
  });

  app.post("/images/prune", async (request) => {
    const { filters: text } = parse(z.object({ filters: textParameter }), request.query, "query");
    const filters = parseFilters(text, pruneFilters);
    const dangling = filters.get("dangling") ?? ["true"];
    const wanted = new Map([...filters].filter(([name]) => name !== "dangling"));
    if (isTrue(dangling)) wanted.set("dangling", dangling);
    const { removed, freedBytes } = await pruneImages(engine, (image) =>
      matchesFilters(engine, image, wanted),
    );
    return { ImagesDeleted: removed.map(describeRemoval), SpaceReclaimed: freedBytes };
  });

  app.post("/dvm/images/verify", (request, reply) => verify(engine, request, reply));

  app.post("/images/load", (request, reply) => load(engine, request, reply));
  app.post("/images/create", (request, reply) => create(engine, request, reply));

  app.post("/images/*", async (request, reply) => {
    const path = wildcard(request);
    if (path.endsWith("/push")) return push(engine, request, reply);
    if (!path.endsWith("/tag")) throw new DvmError("not-found", "page not found");
    const { repo, tag } = parse(
      z.object({ repo: z.string(), tag: textParameter }),
      request.query,
      "query",
    );
    const source = path.slice(0, -"/tag".length);
    const target = nameWithTag(repo, tag) ?? "";
    images.tag(source, target);
    engine.events.emit("image", "tag", images.find(target).id, { name: target });
    return reply.status(201).send();
  });

  app.delete("/images/*", async (request) => {
    const { force } = parse(z.object({ force: flagParameter }), request.query, "query");
    return (await removeImage(engine, wildcard(request), force)).map(describeRemoval);
  });
}

function describeRemoval({ untagged, deleted }: ImageRemoval) {
  return {
    ...(untagged === undefined ? {} : { Untagged: untagged }),
    ...(deleted === undefined ? {} : { Deleted: deleted }),
  };
}

function wildcard(request: FastifyRequest): string {
  return parse(z.object({ "*": z.string() }), request.params, "path")["*"];
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

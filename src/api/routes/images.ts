import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import type { Engine } from "../../engine/core.ts";
import { imageTrust } from "../../engine/images.ts";
import { type ImageRemoval, pruneImages, removeImage } from "../../engine/upkeep.ts";
import { describeImage, imageHistory } from "../image-description.ts";
import { listImages, matchesFilters } from "../image-list.ts";
import {
  flagParameter,
  isTrue,
  nameWithTag,
  parse,
  parseFilters,
  textParameter,
} from "../query.ts";
import { sendImages } from "./image-archives.ts";
import { push } from "./transfers.ts";

const pruneFilters = ["dangling", "until", "label", "label!"];

/** `/images`, all but archives. A name holds slashes, so the routes end in `*`. */
export function imageRoutes(app: FastifyInstance, engine: Engine): void {
  const { images } = engine.parts;

  app.get("/images/json", (request) => listImages(engine, request.query));

  app.get("/images/*", async (request, reply) => {
    const path = wildcard(request);
    const [, name = "", what = ""] = /^(.*)\/(json|history|get)$/.exec(path) ?? [];
    if (what === "get") return sendImages(engine, reply, [name]);
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

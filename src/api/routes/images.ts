import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import type { Engine, Image, ImageRemoval } from "../../engine/core.ts";
import { imageTrust } from "../../engine/images.ts";
import { pruneImages, removeImage } from "../../engine/upkeep.ts";
import { describeImage, imageHistory } from "../image-description.ts";
import { pruneFilter } from "../image-filters.ts";
import { listImages } from "../image-list.ts";
import { parseFilters } from "../filters.ts";
import { type AskedPlatform, parsePlatformJson, requirePlatform } from "../platform-parameter.ts";
import { flagParameter, listParameter, parse, textParameter } from "../query.ts";
import { type ApiVersion, asksBefore, versionOf } from "../api-version.ts";
import { sendImages } from "./image-archives.ts";
import { tagImage } from "../tag-image.ts";
import { push } from "./transfers.ts";

const pruneFilters = ["dangling", "until", "label", "label!"];
const inspectSchema = z.object({ manifests: flagParameter, platform: textParameter });
const removeSchema = z.object({
  force: flagParameter,
  noprune: flagParameter,
  platforms: listParameter,
});

/** `/images`, all but archives. A name holds slashes, so the routes end in `*`. */
export function imageRoutes(app: FastifyInstance, engine: Engine): void {
  app.get("/images/json", (request) => listImages(engine, request));

  app.get("/images/*", async (request, reply) => {
    const path = wildcard(request);
    const [, name = "", what = ""] = /^(.*)\/(json|history|get)$/.exec(path) ?? [];
    if (what === "get") return sendImages(engine, request, reply, [name]);
    if (what === "json") return inspect(engine, request, name);
    if (what === "history") {
      const platform = platformOf(request, "1.48");
      return imageHistory(engine, imageFor(engine, name, platform));
    }
    throw new DvmError("not-found", "page not found");
  });

  app.post("/images/prune", async (request) => {
    const { filters: text } = parse(z.object({ filters: textParameter }), request.query, "query");
    const isWanted = pruneFilter(engine, parseFilters(text, pruneFilters));
    const { removed, freedBytes } = await pruneImages(engine, isWanted);
    return {
      ImagesDeleted: removed.length === 0 ? null : removed.map(describeRemoval),
      SpaceReclaimed: freedBytes,
    };
  });

  app.post("/images/*", async (request, reply) => {
    const path = wildcard(request);
    if (path.endsWith("/push")) return push(engine, request, reply);
    if (!path.endsWith("/tag")) throw new DvmError("not-found", "page not found");
    const isTagged = tagImage(engine, path.slice(0, -"/tag".length), request.query);
    return reply.status(isTagged ? 201 : 200).send();
  });

  app.delete("/images/*", async (request) => {
    const { force, noprune, platforms } = parse(removeSchema, request.query, "query");
    const name = wildcard(request);
    if (name.trim() === "") throw new DvmError("invalid", "image name cannot be blank");
    checkPlatforms(engine, request, { name, platforms });
    const options = { force, withParents: !noprune };
    return (await removeImage(engine, name, options)).map(describeRemoval);
  });
}

async function inspect(engine: Engine, request: FastifyRequest, name: string) {
  const { manifests } = parse(inspectSchema, request.query, "query");
  const platform = platformOf(request, "1.49");
  if (manifests && platform !== undefined)
    throw new DvmError(
      "invalid",
      "conflicting options: manifests and platform options cannot both be set",
    );
  const image = imageFor(engine, name, platform);
  return describeImage(image, await imageTrust(engine, image, name), versionOf(request));
}

function imageFor(engine: Engine, name: string, platform: AskedPlatform | undefined): Image {
  const image = engine.parts.images.find(name);
  if (platform !== undefined) requirePlatform(image, name, platform);
  return image;
}

/** The `platform` of a query; clients of before `version` didn't mean it. */
function platformOf(request: FastifyRequest, version: ApiVersion): AskedPlatform | undefined {
  const { platform = "" } = parse(inspectSchema, request.query, "query");
  return platform === "" || asksBefore(request, version) ? undefined : parsePlatformJson(platform);
}

function checkPlatforms(
  engine: Engine,
  request: FastifyRequest,
  { name, platforms }: { name: string; platforms: string[] },
): void {
  if (asksBefore(request, "1.50")) return;
  const [platform, ...more] = platforms.map(parsePlatformJson);
  if (more.length > 0) throw new DvmError("invalid", "multiple platforms are not supported");
  imageFor(engine, name, platform);
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

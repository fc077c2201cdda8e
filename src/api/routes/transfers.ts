import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import { progressBar } from "../../base/progress-bar.ts";
import type { Engine } from "../../engine/core.ts";
import {
  describeRemoteImage,
  nameToGive,
  pullImages,
  pushImages,
  searchImages,
  tagPattern,
  type TransferProgress,
} from "../../engine/images.ts";
import { answerWithLinesOrStatus } from "../answer-with-lines.ts";
import { flagFilter, parseFilters } from "../filters.ts";
import { parse, textParameter } from "../query.ts";
import { registryCredentials } from "../registry-auth.ts";

const pullSchema = z.object({ fromImage: z.string(), tag: textParameter, platform: textParameter });
const pushSchema = z.object({ tag: textParameter });
const searchSchema = z.object({
  term: textParameter,
  limit: textParameter,
  filters: textParameter,
});
const searchFilters = ["is-official", "is-automated", "stars"];
const defaultResults = 25;
const mostResults = 100;

/** `/images/search`, `/distribution`: what registries are asked for without a transfer. */
export function registryRoutes(app: FastifyInstance, engine: Engine): void {
  app.get("/images/search", (request) => search(engine, request));

  app.get("/distribution/*", async (request) => {
    const path = parse(z.object({ "*": z.string() }), request.params, "path")["*"];
    if (!path.endsWith("/json")) throw new DvmError("not-found", "page not found");
    const name = path.replace(/\/json$/, "");
    if (/^(sha256:)?[0-9a-f]{64}$/.test(name))
      throw new DvmError("unclassified", "no manifest found for full image ID");
    const credentials = registryCredentials(request);
    const found = await describeRemoteImage(engine, { name, credentials });
    return {
      Descriptor: { mediaType: found.mediaType, digest: found.digest, size: found.sizeBytes },
      Platforms: found.platforms,
    };
  });
}

/** `POST /images/create?fromImage=…` */
export function pull(engine: Engine, request: FastifyRequest, reply: FastifyReply) {
  const { fromImage: given, tag, platform } = parse(pullSchema, request.query, "query");
  const fromImage = given.replace(/:$/, "");
  checkPull(fromImage, tag);
  const credentials = registryCredentials(request);
  return answerWithLinesOrStatus(request, reply, async (_body, write, signal) => {
    const onProgress = progressTo(reply, write);
    await pullImages(engine, { name: fromImage, tag, platform, credentials, signal, onProgress });
  });
}

function checkPull(name: string, tag = ""): void {
  if (tag !== "" && !tagPattern.test(tag) && !tag.startsWith("sha256:")) {
    nameToGive(name);
    throw new DvmError("invalid", "invalid tag format");
  }
  if (/^(docker\.io\/library\/|library\/)?scratch([:@]|$)/.test(name))
    throw new DvmError("forbidden", "'scratch' is a reserved name");
}

/** `POST /images/‹name›/push` */
export function push(engine: Engine, request: FastifyRequest, reply: FastifyReply) {
  const path = parse(z.object({ "*": z.string() }), request.params, "path")["*"];
  const { tag } = parse(pushSchema, request.query, "query");
  const name = path.slice(0, -"/push".length);
  const credentials = registryCredentials(request);
  return answerWithLinesOrStatus(request, reply, async (_body, write, signal) => {
    const onProgress = progressTo(reply, write);
    await pushImages(engine, {
      ...{ name, tag, credentials, signal, onProgress },
      onPushed: ({ tag: Tag, digest: Digest, sizeBytes: Size }) =>
        write({ progressDetail: {}, aux: { Tag, Digest, Size } }),
    });
  });
}

/** Who reads too slowly misses numbers, and nothing else. */
function progressTo({ raw }: FastifyReply, write: (line: object) => void) {
  return (line: TransferProgress): void => {
    if (line.current === undefined || !raw.writableNeedDrain) write(describeProgress(line));
  };
}

/** A line as docker's daemon writes it: its CLI draws a bar of what has an id and numbers. */
function describeProgress({ id, status, isMessage, current, total }: TransferProgress): object {
  if (id === undefined) return { status };
  if (isMessage === true) return { status, id };
  if (current === undefined) return { status, progressDetail: {}, id };
  const progress = progressBar(current, total ?? 0);
  return { status, progressDetail: { current, total }, progress, id };
}

async function search(engine: Engine, request: FastifyRequest) {
  const { term = "", limit, filters: text } = parse(searchSchema, request.query, "query");
  const most = searchLimit(limit);
  const filters = parseFilters(text, searchFilters);
  const stars = Math.max(0, ...(filters.get("stars") ?? []).map(starCount));
  const wanted = {
    official: flagFilter(filters, "is-official"),
    automated: flagFilter(filters, "is-automated"),
  };
  const credentials = registryCredentials(request);
  const found = await searchImages(engine, { term, limit: most, credentials });
  return found
    .filter(
      (one) =>
        one.stars >= stars &&
        one.official === (wanted.official ?? one.official) &&
        one.automated === (wanted.automated ?? one.automated),
    )
    .map((one) => ({
      star_count: one.stars,
      is_official: one.official,
      name: one.name,
      is_automated: one.automated,
      description: one.description,
    }));
}

function searchLimit(text = ""): number {
  if (text === "") return defaultResults;
  if (!/^[+-]?\d+$/.test(text))
    throw new DvmError(
      "invalid",
      `invalid limit specified: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  const limit = Number(text);
  if (limit === 0) return defaultResults;
  if (limit < 0 || limit > mostResults)
    throw new DvmError("invalid", `limit ${limit} is outside the range of [1, ${mostResults}]`);
  return limit;
}

function starCount(text: string): number {
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw new DvmError(
    "invalid",
    `invalid filter 'stars=${text}': strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
  );
}

import type { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import type { Engine, Image } from "../../engine/engine.ts";
import { errorText } from "../error-status.ts";
import { flagParameter, matchesLabels, parse, parseFilters, textParameter } from "../query.ts";

const filterNames = ["reference", "dangling", "label", "id"];

/** `/images`. A name holds slashes, so the routes end in `*`. */
export function imageRoutes(app: FastifyInstance, engine: Engine): void {
  const { images } = engine.parts;

  app.get("/images/json", (request) => {
    const { filters } = parse(z.object({ filters: textParameter }), request.query, "query");
    const wanted = parseFilters(filters, filterNames);
    return images
      .list()
      .filter((image) => matches(image, wanted))
      .map((image) => summarize(engine, image));
  });

  app.get("/images/*", (request) => {
    const path = wildcard(request);
    if (!path.endsWith("/json")) throw new DvmError("not-found", "page not found");
    return describe(images.find(path.slice(0, -"/json".length)));
  });

  app.post("/images/load", (request, reply) => load(engine, request, reply));
  app.post("/images/create", (request, reply) => create(engine, request, reply));

  app.post("/images/*", async (request, reply) => {
    const path = wildcard(request);
    if (!path.endsWith("/tag")) throw new DvmError("not-found", "page not found");
    const { repo, tag } = parse(
      z.object({ repo: z.string(), tag: textParameter }),
      request.query,
      "query",
    );
    images.tag(
      path.slice(0, -"/tag".length),
      tag === undefined || tag === "" ? repo : `${repo}:${tag}`,
    );
    return reply.status(201).send();
  });

  app.delete("/images/*", async (request) => {
    const { force } = parse(z.object({ force: flagParameter }), request.query, "query");
    const inUse = (id: string) => engine.containers().find((one) => one.imageId === id)?.id;
    const removed = await images.remove(wildcard(request), { force, inUse });
    await engine.supply.forgetImages(removed.flatMap(({ deleted }) => deleted ?? []));
    return removed.map(({ untagged, deleted }) => ({
      ...(untagged === undefined ? {} : { Untagged: untagged }),
      ...(deleted === undefined ? {} : { Deleted: deleted }),
    }));
  });
}

function wildcard(request: FastifyRequest): string {
  return parse(z.object({ "*": z.string() }), request.params, "path")["*"];
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
  changes: z.union([z.string().transform((one) => [one]), z.array(z.string())]).optional(),
});

/** Import from the request's body; there's no registry client yet, so a pull finds nothing. */
async function create(engine: Engine, request: FastifyRequest, reply: FastifyReply) {
  const query = parse(createSchema, request.query, "query");
  if (query.fromImage !== undefined && query.fromImage !== "") {
    throw new DvmError(
      "not-found",
      `cannot pull ${query.fromImage}: DVM does not speak to registries yet`,
      {
        hint: "bring the image by `dvm load` (an archive of docker save, or OCI) or `dvm import`",
      },
    );
  }
  if (query.fromSrc !== "-") {
    throw new DvmError(
      "unsupported",
      "cannot import from a URL: only from the request's body (fromSrc=-)",
    );
  }
  const name = query.repo === undefined || query.repo === "" ? undefined : query.repo;
  const reference =
    name === undefined || query.tag === undefined || query.tag === ""
      ? name
      : `${name}:${query.tag}`;
  await answerWithLines(request, reply, async (body, write, signal) => {
    const { id } = await engine.parts.images.importRootFs(body, {
      ...(reference === undefined ? {} : { reference }),
      changes: query.changes ?? [],
      ...(query.message === undefined ? {} : { message: query.message }),
      signal,
    });
    write({ status: id });
    engine.events.emit("image", "import", id, reference === undefined ? {} : { name: reference });
  });
}

/** Answers with a JSON object a line while the body is read; an error after the start is a line too. */
async function answerWithLines(
  request: FastifyRequest,
  reply: FastifyReply,
  action: (body: Readable, write: (line: object) => void, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  reply.hijack();
  const { raw } = reply;
  const stop = new AbortController();
  raw.on("close", () => stop.abort());
  const write = (line: object) => {
    if (!raw.headersSent) raw.writeHead(200, { "Content-Type": "application/json" });
    raw.write(`${JSON.stringify(line)}\n`);
  };
  try {
    await action(request.raw, write, stop.signal);
  } catch (error) {
    const message = errorText(error);
    write({ error: message, errorDetail: { message } });
  }
  raw.end();
}

function matches(image: Image, filters: Map<string, string[]>): boolean {
  const references = filters.get("reference");
  const dangling = filters.get("dangling")?.[0];
  const labels = filters.get("label") ?? [];
  if (
    references !== undefined &&
    !image.references.some((name) => references.some((glob) => matchesGlob(name, glob)))
  ) {
    return false;
  }
  if (
    dangling !== undefined &&
    ["true", "1"].includes(dangling) !== (image.references.length === 0)
  )
    return false;
  return matchesLabels(image.config.labels, labels);
}

function matchesGlob(name: string, glob: string): boolean {
  const pattern = glob
    .replace(/[.+^${}()|\\]/g, "\\$&")
    .replaceAll("*", "[^/]*")
    .replaceAll("?", "[^/]");
  const expression = new RegExp(`^${pattern}$`);
  return expression.test(name) || expression.test(name.replace(/:[^:/]*$/, ""));
}

function summarize(engine: Engine, image: Image) {
  return {
    Id: image.id,
    ParentId: "",
    RepoTags: image.references,
    RepoDigests: image.digests,
    Created: unixSeconds(image.createdAt),
    Size: image.sizeBytes,
    VirtualSize: image.sizeBytes,
    SharedSize: -1,
    Labels: image.config.labels,
    Containers: engine.containers().filter((one) => one.imageId === image.id).length,
  };
}

function unixSeconds(time: string): number {
  const milliseconds = Date.parse(time);
  return Number.isNaN(milliseconds) ? 0 : Math.floor(milliseconds / 1000);
}

function describe(image: Image) {
  const { config } = image;
  return {
    Id: image.id,
    RepoTags: image.references,
    RepoDigests: image.digests,
    Parent: "",
    Comment: "",
    Created: image.createdAt,
    DockerVersion: "",
    Author: "",
    Config: {
      User: config.user,
      ExposedPorts: Object.fromEntries(config.exposedPorts.map((port) => [port, {}])),
      Env: config.env,
      Entrypoint: config.entrypoint ?? null,
      Cmd: config.cmd ?? null,
      Volumes:
        config.volumes.length === 0
          ? null
          : Object.fromEntries(config.volumes.map((path) => [path, {}])),
      WorkingDir: config.workingDir,
      Labels: config.labels,
      ...(config.stopSignal === undefined ? {} : { StopSignal: config.stopSignal }),
    },
    Architecture: image.architecture,
    Os: image.os,
    Size: image.sizeBytes,
    VirtualSize: image.sizeBytes,
    GraphDriver: { Name: "erofs", Data: null },
    RootFS: { Type: "layers", Layers: image.layers },
    Metadata: { LastTagTime: "0001-01-01T00:00:00Z" },
  };
}

import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import { changesOf, exportContainer, readPath, statPath, writePath } from "../../engine/files.ts";
import type { Engine } from "../../engine/core.ts";
import { goneSignal } from "../gone-signal.ts";
import { afterStart, sendTar } from "../send-tar.ts";
import { pathStatHeader } from "../path-stat.ts";
import { takesStream, withBody } from "../takes-stream.ts";
import { flagParameter, parse, textParameter } from "../query.ts";
import { nameOf } from "./containers.ts";

const statHeader = "X-Docker-Container-Path-Stat";
const changeNumbers = { modified: 0, added: 1, deleted: 2 } as const;

/** `/containers/{id}/archive`, `changes` and `export`. */
export function containerFileRoutes(app: FastifyInstance, engine: Engine): void {
  app.head("/containers/:name/archive", async (request, reply) => {
    const found = await statPath(
      engine,
      nameOf(request.params),
      pathOf(request),
      goneSignal(reply),
    );
    return reply.header(statHeader, pathStatHeader(found)).send();
  });

  app.get("/containers/:name/archive", { exposeHeadRoute: false }, async (request, reply) => {
    const signal = goneSignal(reply);
    await readPath(engine, nameOf(request.params), pathOf(request), {
      signal,
      send: async (found, tar) => sendTar(reply, tar, { [statHeader]: pathStatHeader(found) }),
    }).catch(afterStart(engine, reply));
    return reply;
  });

  app.put("/containers/:name/archive", { onRequest: takesStream }, async (request, reply) => {
    const { noOverwriteDirNonDir, copyUIDGID } = parse(
      z.object({ noOverwriteDirNonDir: flagParameter, copyUIDGID: flagParameter }),
      request.query,
      "query",
    );
    const write = {
      path: pathOf(request),
      keepKind: noOverwriteDirNonDir,
      asUser: copyUIDGID,
      signal: goneSignal(reply),
    };
    await withBody(request, (tar) => writePath(engine, nameOf(request.params), { ...write, tar }));
    return reply.send();
  });

  app.get("/containers/:name/changes", async (request, reply) => {
    const changes = await changesOf(engine, nameOf(request.params), goneSignal(reply));
    const described = changes.map(({ kind, path }) => ({
      Path: `/${Buffer.from(path, "latin1").toString("utf8")}`,
      Kind: changeNumbers[kind],
    }));
    return described.length === 0 ? reply.type("application/json").send("null\n") : described;
  });

  app.get("/containers/:name/export", { exposeHeadRoute: false }, async (request, reply) => {
    await exportContainer(engine, nameOf(request.params), {
      signal: goneSignal(reply),
      send: (tar) => sendTar(reply, tar, { "Content-Type": "application/octet-stream" }),
    }).catch(afterStart(engine, reply));
    return reply;
  });
}

function pathOf(request: FastifyRequest): string {
  const { path } = parse(z.object({ path: textParameter }), request.query, "query");
  if (path === undefined || path === "")
    throw new DvmError("invalid", "bad parameter: pathcannot be empty");
  return path;
}

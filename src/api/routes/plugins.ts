import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import { flagFilter, parseFilters } from "../filters.ts";
import { parse, textParameter } from "../query.ts";
import { requireJson } from "../require-json.ts";

const json = { onRequest: requireJson };

/** `/plugins`, as of an engine that has none and takes none. A name holds slashes. */
export function pluginRoutes(app: FastifyInstance): void {
  app.get("/plugins", (request) => {
    const { filters: text } = parse(z.object({ filters: textParameter }), request.query, "query");
    flagFilter(parseFilters(text, ["enabled", "capability"]), "enabled");
    return [];
  });
  app.get("/plugins/privileges", takesNone);
  app.post("/plugins/pull", json, takesNone);
  app.post("/plugins/create", takesNone);
  app.get("/plugins/*", (request) => {
    throw missing(nameBefore(request, /\/json$/));
  });
  app.delete("/plugins/*", (request) => {
    throw missing(nameBefore(request, /$/));
  });
  app.post("/plugins/*", change);
}

function change(request: FastifyRequest): never {
  const name = nameBefore(request, /\/(enable|disable|push|upgrade|set)$/);
  const { timeout } = parse(z.object({ timeout: textParameter }), request.query, "query");
  if (pathOf(request).endsWith("/enable") && !/^[+-]?\d+$/.test(timeout ?? ""))
    throw new DvmError(
      "unclassified",
      `strconv.Atoi: parsing ${JSON.stringify(timeout ?? "")}: invalid syntax`,
    );
  throw missing(name);
}

function takesNone(): never {
  throw new DvmError("unsupported", "cannot install a plugin: DVM has no plugins");
}

function missing(name: string): DvmError {
  return new DvmError("not-found", `plugin "${name}" not found`);
}

function nameBefore(request: FastifyRequest, end: RegExp): string {
  const path = pathOf(request);
  if (!end.test(path)) throw new DvmError("not-found", "page not found");
  return path.replace(end, "");
}

function pathOf({ params }: FastifyRequest): string {
  return parse(z.object({ "*": z.string() }), params, "path")["*"];
}

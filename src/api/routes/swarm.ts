import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import { readFilters } from "../filters.ts";
import { flagParameter, parse, textParameter } from "../query.ts";
import { requireJson } from "../require-json.ts";

const lists = ["services", "nodes", "tasks", "secrets", "configs"] as const;
/** Such things are made, and each is changed from the version of it that is known. */
const made = ["services", "secrets", "configs"] as const;
const updated = {
  services: "service",
  nodes: "node",
  secrets: "secret",
  configs: "config",
} as const;
const json = { onRequest: requireJson };

/**
 * `/swarm`, `/services`, `/nodes`, `/tasks`, `/secrets`, `/configs`, as of an engine that is in no
 * swarm: what is wrong with a question is said first, as by Docker.
 */
export function swarmRoutes(app: FastifyInstance): void {
  app.get("/swarm", refuse);
  app.get("/swarm/unlockkey", refuse);
  app.post("/swarm/init", json, join);
  app.post("/swarm/join", json, join);
  app.post("/swarm/leave", () => {
    throw new DvmError("switched-off", "This node is not part of a swarm");
  });
  app.post("/swarm/unlock", json, refuse);
  app.post("/swarm/update", json, (request) => {
    versionIn(request, "swarm");
    refuse();
  });
  for (const list of lists) {
    app.get(`/${list}`, (request) => {
      readFilters(parse(z.object({ filters: textParameter }), request.query, "query").filters);
      refuse();
    });
    app.get(`/${list}/:id`, look);
    if (list !== "tasks") app.delete(`/${list}/:id`, refuse);
  }
  for (const list of made) app.post(`/${list}/create`, json, refuse);
  for (const [list, what] of Object.entries(updated))
    app.post(`/${list}/:id/update`, json, (request) => {
      versionIn(request, what);
      refuse();
    });
  for (const list of ["services", "tasks"]) app.get(`/${list}/:id/logs`, logs);
}

function refuse(): never {
  throw new DvmError(
    "switched-off",
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
  );
}

const joinSchema = z.object({ ListenAddr: z.string().nullish() }).nullish();

/** Docker would begin a swarm here; DVM has none. */
function join({ body }: FastifyRequest): never {
  const address = parse(joinSchema, body, "JSON")?.ListenAddr ?? "";
  if (address === "") throw new DvmError("invalid", 'invalid ListenAddr "": invalid empty address');
  throw new DvmError("unsupported", "cannot start or join a swarm: DVM has no swarm mode");
}

const truths = ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"];

function look({ query }: FastifyRequest): never {
  const { insertDefaults = "" } = parse(
    z.object({ insertDefaults: textParameter }),
    query,
    "query",
  );
  if (insertDefaults !== "" && !truths.includes(insertDefaults))
    throw new DvmError(
      "invalid",
      `invalid value for insertDefaults: ${insertDefaults}: strconv.ParseBool: parsing ${JSON.stringify(insertDefaults)}: invalid syntax`,
    );
  refuse();
}

/** `?version=`: which state of a thing a change is made from. */
function versionIn({ query }: FastifyRequest, what: string): void {
  const { version = "" } = parse(z.object({ version: textParameter }), query, "query");
  if (/^\d+$/.test(version)) return;
  const saysWhy = what !== "secret" && what !== "config";
  const why = ` '${version}': strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`;
  throw new DvmError("invalid", `invalid ${what} version${saysWhy ? why : ""}`);
}

const logsSchema = z.object({ stdout: flagParameter, stderr: flagParameter });

function logs({ query }: FastifyRequest): never {
  const { stdout, stderr } = parse(logsSchema, query, "query");
  if (!stdout && !stderr)
    throw new DvmError("unclassified", "Bad parameters: you must choose at least one stream");
  refuse();
}

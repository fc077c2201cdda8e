import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import type { Engine } from "../../engine/core.ts";
import { momentOf, parseFilters } from "../filters.ts";
import { parse, textParameter } from "../query.ts";

const pruneFilters = [
  ...["description", "id", "inuse", "label", "parent", "private", "shared", "type", "until"],
  ...["unused-for", "mutable", "immutable"],
];
const pruneSchema = z.object({
  filters: textParameter,
  "keep-storage": textParameter,
  "reserved-space": textParameter,
  "max-used-space": textParameter,
  "min-free-space": textParameter,
});

/** `/build`, `/session`, `/grpc`: DVM builds nothing yet, and so there is no cache of builds. */
export function buildRoutes(app: FastifyInstance, engine: Engine): void {
  app.post("/build", refuse);
  app.post("/session", refuse);
  app.post("/grpc", refuse);
  app.post("/build/cancel", ({ query }, reply) => {
    const { id = "" } = parse(z.object({ id: textParameter }), query, "query");
    if (id === "") throw new DvmError("invalid", "build ID not provided");
    return reply.send(); // as of a build that has ended
  });
  app.post("/build/prune", (request) => {
    checkPrune(request);
    engine.events.emit("builder", "prune", "", { reclaimed: "0" });
    return { CachesDeleted: null, SpaceReclaimed: 0 };
  });
}

function refuse(): never {
  throw new DvmError("unsupported", "cannot build an image: DVM does not build images yet", {
    hint: "build it elsewhere, then: docker save IMAGE | dvm load",
  });
}

function checkPrune({ query }: FastifyRequest): void {
  const { filters: text, ...sizes } = parse(pruneSchema, query, "query");
  for (const [name, value = ""] of Object.entries(sizes))
    if (value !== "" && !/^[+-]?\d+$/.test(value))
      throw new DvmError(
        "invalid",
        `${name} is in bytes and expects an integer, got ${value}: strconv.Atoi: parsing ${JSON.stringify(value)}: invalid syntax`,
      );
  const cannot = "failed to prune build cache: ";
  const filters = prefixed(cannot, () => parseFilters(text, pruneFilters));
  for (const value of filters.get("until") ?? [])
    prefixed(`${cannot}"until" filter expects a duration (e.g., '24h') or a timestamp: `, () =>
      momentOf(value),
    );
}

function prefixed<T>(prefix: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof DvmError)) throw error;
    throw new DvmError(error.code, `${prefix}${error.message}`);
  }
}

import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import { goNamed } from "../../base/go-schema.ts";
import { flag, optional, string } from "../../base/json-fields.ts";
import type { Engine } from "../../engine/core.ts";
import { connectNetwork, disconnectNetwork } from "../../engine/containers.ts";
import {
  createNetwork,
  networkRequestSchema,
  pruneNetworks,
  removeNetwork,
} from "../../engine/networks.ts";
import { endpointSchema } from "../../engine/records.ts";
import { asksBefore } from "../api-version.ts";
import { parseBody } from "../body.ts";
import { matchesLabelFilters, parseFilters, untilFilter } from "../filters.ts";
import { describeNetwork, listNetworks, networkFilters } from "../network-list.ts";
import { parse, textParameter } from "../query.ts";
import { requireJson } from "../require-json.ts";
import { nameOf } from "./containers.ts";

const json = { onRequest: requireJson };
const filtersSchema = z.object({ filters: textParameter });
const inspectSchema = z.object({ verbose: textParameter, scope: textParameter });

/** `/networks`: what is made and looked at, and which containers are in it. */
export function networkRoutes(app: FastifyInstance, engine: Engine): void {
  const list = ({ query }: FastifyRequest) => {
    const { filters } = parse(filtersSchema, query, "query");
    return listNetworks(engine, parseFilters(filters, networkFilters)).map((network) =>
      describeNetwork(engine, network, { detailed: false }),
    );
  };
  app.get("/networks", list);
  app.get("/networks/", list);

  app.get("/networks/:name", ({ params, query }) => {
    const { verbose = "", scope = "" } = parse(inspectSchema, query, "query");
    if (verbose !== "" && !/^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(verbose))
      throw new DvmError(
        "invalid",
        `invalid value for verbose: ${verbose}: strconv.ParseBool: parsing ${JSON.stringify(verbose)}: invalid syntax`,
      );
    const name = nameOf(params);
    if (scope !== "" && scope !== "local")
      throw new DvmError("not-found", `network ${name} not found`);
    return describeNetwork(engine, engine.networks.find(name), { detailed: true });
  });

  app.post("/networks/prune", async ({ query }) => {
    const { filters: text } = parse(filtersSchema, query, "query");
    const filters = parseFilters(text, ["until", "label", "label!"]);
    const until = untilFilter(filters);
    const removed = await pruneNetworks(
      engine,
      ({ createdAt, labels }) =>
        (until === undefined || Date.parse(createdAt) <= until) &&
        matchesLabelFilters(filters, labels),
    );
    return { NetworksDeleted: removed.length === 0 ? null : removed };
  });

  app.post("/networks/create", json, async (request, reply) => {
    const asked = parseBody(networkRequestSchema, request.body ?? {}, "network.CreateRequest");
    if (asksBefore(request, "1.48")) asked.EnableIPv4 = null;
    const { id } = createNetwork(engine, asked);
    return reply.status(201).send({ Id: id, Warning: "" });
  });
  app.post("/networks/:name/connect", json, async (request, reply) => {
    await connect(engine, request);
    return reply.send();
  });
  app.post("/networks/:name/disconnect", json, async (request, reply) => {
    await disconnect(engine, request);
    return reply.send();
  });

  app.delete("/networks/:name", async ({ params }, reply) => {
    await removeNetwork(engine, nameOf(params));
    return reply.status(204).send();
  });
}

const connectSchema = z.object({
  Container: string,
  EndpointConfig: optional(goNamed("network.EndpointSettings", endpointSchema)),
});
const disconnectSchema = z.object({ Container: string, Force: flag });

async function connect(engine: Engine, { params, body }: FastifyRequest): Promise<void> {
  const { Container, EndpointConfig } = parseBody(
    connectSchema,
    body ?? {},
    "network.ConnectOptions",
  );
  const place = { container: requireName(Container), network: nameOf(params) };
  await connectNetwork(engine, place, EndpointConfig ?? endpointSchema.parse({}));
}

async function disconnect(engine: Engine, { params, body }: FastifyRequest): Promise<void> {
  const { Container, Force } = parseBody(disconnectSchema, body ?? {}, "network.DisconnectOptions");
  const place = { container: requireName(Container), network: nameOf(params) };
  await disconnectNetwork(engine, { ...place, force: Force });
}

function requireName(name: string): string {
  if (name === "") throw new DvmError("invalid", 'invalid name or ID supplied: ""');
  return name;
}

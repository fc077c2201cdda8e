import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import { flag, string } from "../../base/json-fields.ts";
import type { Engine } from "../../engine/core.ts";
import type { ContainerRecord } from "../../engine/records.ts";
import { parseBody } from "../body.ts";
import { networkMode } from "../container-description.ts";
import { parseFilters, untilFilter } from "../filters.ts";
import { describeNetwork, findNetwork, listNetworks, networkFilters } from "../network-list.ts";
import { parse, textParameter } from "../query.ts";
import { requireJson } from "../require-json.ts";
import { nameOf } from "./containers.ts";

const json = { onRequest: requireJson };
const filtersSchema = z.object({ filters: textParameter });
const inspectSchema = z.object({ verbose: textParameter, scope: textParameter });

/** `/networks`: the predefined ones, to look at; networks among containers are not built yet. */
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
    return describeNetwork(engine, findNetwork(engine, name), { detailed: true });
  });

  app.post("/networks/prune", ({ query }) => {
    const { filters: text } = parse(filtersSchema, query, "query");
    untilFilter(parseFilters(text, ["until", "label", "label!"]));
    engine.events.emit("network", "prune", "", { reclaimed: "0" });
    return { NetworksDeleted: null };
  });

  app.post("/networks/create", json, ({ body }) => refuseToCreate(body));
  app.post("/networks/:name/connect", json, (request) => connect(engine, request));
  app.post("/networks/:name/disconnect", json, (request) => disconnect(engine, request));

  app.delete("/networks/:name", ({ params }) => {
    const { name } = findNetwork(engine, nameOf(params));
    throw new DvmError("forbidden", `${name} is a pre-defined network and cannot be removed`);
  });
}

function refuseToCreate(body: unknown): never {
  const { Name } = parseBody(z.object({ Name: string }), body, "network.CreateRequest");
  if (Name.trim() === "") throw new DvmError("invalid", "invalid name: name is empty");
  if (["bridge", "host", "none", "default"].includes(Name))
    throw new DvmError("forbidden", `operation is not permitted on predefined ${Name} network `);
  throw new DvmError(
    "unsupported",
    "cannot create a network: DVM has the networks bridge, host and none only",
  );
}

const memberSchema = z.object({ Container: string, Force: flag });

function connect(engine: Engine, { params, body }: FastifyRequest): never {
  const { Container } = parseBody(memberSchema, body, "network.ConnectOptions");
  const record = containerNamed(engine, Container);
  const { name } = findNetwork(engine, nameOf(params));
  if (networkMode(record) === name)
    throw new DvmError(
      "forbidden",
      `endpoint with name ${record.name} already exists in network ${name}`,
    );
  if (name === "host")
    throw new DvmError(
      "invalid",
      "cannot connect container to host network - container must be created in host network mode",
    );
  throw new DvmError(
    "invalid",
    "container cannot be connected to multiple networks with one of the networks in private (none) mode",
  );
}

function disconnect(engine: Engine, { params, body }: FastifyRequest): never {
  const { Container, Force } = parseBody(memberSchema, body, "network.DisconnectOptions");
  const record = containerNamed(engine, Container, Force);
  const { name } = findNetwork(engine, nameOf(params));
  if (networkMode(record) !== name)
    throw new DvmError(
      "unclassified",
      `container ${record.id} is not connected to network ${name}`,
    );
  throw new DvmError(
    "unsupported",
    `cannot disconnect a container from network ${name}: its machine keeps the network it was made with`,
  );
}

function containerNamed(engine: Engine, name: string, force = false): ContainerRecord {
  if (name === "") throw new DvmError("invalid", 'invalid name or ID supplied: ""');
  try {
    return engine.containers.find(name);
  } catch (error) {
    if (!force) throw error;
    throw new DvmError("not-found", `endpoint ${name} not found`);
  }
}

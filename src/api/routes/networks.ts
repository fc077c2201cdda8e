import type { FastifyInstance } from "fastify";
import { DvmError } from "../../base/errors.ts";
import { type Engine, userNetwork } from "../../engine/core.ts";
import { nameOf } from "./containers.ts";

const ownSubnet = { Subnet: userNetwork.subnet, Gateway: userNetwork.gateway };
/** The networks that every daemon has: each machine's own user-mode network, and none at all. */
const networks = [
  { name: "bridge", driver: "user", subnet: [ownSubnet] },
  { name: "none", driver: "null", subnet: [] },
] as const;

/** `/networks`: to look at only; networks among containers are not built yet. */
export function networkRoutes(app: FastifyInstance, _engine: Engine): void {
  app.get("/networks", () => networks.map(describe));

  app.get("/networks/:name", (request) => {
    const name = nameOf(request.params);
    const found = networks.find((network) => network.name === name);
    if (found === undefined) throw new DvmError("not-found", `network ${name} not found`);
    return describe(found);
  });

  app.post("/networks/prune", () => ({ NetworksDeleted: null }));

  app.post("/networks/create", () => {
    throw new DvmError(
      "unsupported",
      "cannot create a network: DVM has the networks bridge and none only",
    );
  });
}

function describe(network: (typeof networks)[number]) {
  return {
    Name: network.name,
    Id: network.name,
    Created: "0001-01-01T00:00:00Z",
    Scope: "local",
    Driver: network.driver,
    EnableIPv6: false,
    IPAM: { Driver: "default", Options: null, Config: network.subnet },
    Internal: false,
    Attachable: false,
    Ingress: false,
    Containers: {},
    Options: {},
    Labels: {},
  };
}

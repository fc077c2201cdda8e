import { createHash } from "node:crypto";
import { hostAddress } from "../../network/host-address.ts";
import { userNetwork } from "../../network/user-network.ts";
import type { Engine } from "./engine.ts";

/** A network that every engine has. */
export interface PredefinedNetwork {
  name: "bridge" | "host" | "none";
  id: string;
  driver: "bridge" | "host" | "null";
  subnets: { Subnet: string; Gateway: string }[];
}

const drivers = { none: "null", host: "host", bridge: "bridge" } as const;

export function predefinedNetworks(engine: Engine): PredefinedNetwork[] {
  return (["none", "host", "bridge"] as const).map((name) => ({
    name,
    id: networkId(engine, name),
    driver: drivers[name],
    subnets: name === "bridge" ? [bridgeSubnet()] : [],
  }));
}

/**
 * The subnet is each machine's own. The gateway is an address of the host: clients that run in a
 * container take it for where published ports are, which the machines' own gateway isn't.
 */
function bridgeSubnet(): { Subnet: string; Gateway: string } {
  return { Subnet: userNetwork.subnet, Gateway: hostAddress() };
}

/** The same for as long as the engine's data root lives. */
export function networkId({ identity }: Engine, name: string): string {
  return createHash("sha256").update(`${identity.id} network ${name}`).digest("hex");
}

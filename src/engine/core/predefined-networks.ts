import { createHash } from "node:crypto";
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
/** Each machine has it for itself. */
const bridgeSubnet = { Subnet: userNetwork.subnet, Gateway: userNetwork.gateway };

export function predefinedNetworks(engine: Engine): PredefinedNetwork[] {
  return (["none", "host", "bridge"] as const).map((name) => ({
    name,
    id: networkId(engine, name),
    driver: drivers[name],
    subnets: name === "bridge" ? [bridgeSubnet] : [],
  }));
}

/** The same for as long as the engine's data root lives. */
export function networkId({ identity }: Engine, name: string): string {
  return createHash("sha256").update(`${identity.id} network ${name}`).digest("hex");
}

import type { Networks } from "../core.ts";
import { DvmError } from "../../base/errors.ts";
import type { EndpointSpecification, NetworkRecord } from "../records.ts";
import { isUserDefined } from "./request-networks.ts";

/** The network that a container is to be in: once it was in one, none other of the same name will do. */
export function findNetworkOf(
  networks: Networks,
  { network, networkId }: EndpointSpecification,
): NetworkRecord {
  if (!isUserDefined(network) || networkId === "") return networks.find(network);
  const found = networks.get(networkId);
  if (found === undefined) throw new DvmError("not-found", `network ${networkId} not found`);
  return found;
}

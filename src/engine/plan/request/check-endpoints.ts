import { DvmError } from "../../../base/errors.ts";
import { endpointFault, joined } from "../../networks.ts";
import type { DockerRequest, NetworkRecord } from "../../records.ts";

type Endpoints = DockerRequest["endpoints"];

/** Looks a network up that may not be there. */
export type FindNetwork = (name: string) => NetworkRecord | undefined;

/** What is asked of each network, in Docker's words. */
export function checkEndpoints(endpoints: Endpoints, find: FindNetwork): void {
  const faults = Object.entries(endpoints).flatMap(([network, endpoint]) => {
    const fault = endpointFault(network, find(network), endpoint);
    return fault === undefined ? [] : [`invalid config for network ${network}: ${fault}`];
  });
  if (faults.length > 0) throw new DvmError("invalid", joined(faults));
}

import type { Engine } from "../core.ts";
import type { RunEndpoint, RunSpecification } from "../records.ts";
import type { NamingEndpoint } from "./plan-naming.ts";

interface Places {
  run: Pick<RunSpecification, "networks">;
  endpoints: readonly RunEndpoint[];
  /** The machine has a network of its own. */
  isUser: boolean;
}

/** Where a container is found, and whom it finds. */
export function namingEndpoints(
  { networks }: Engine,
  { run, endpoints, isUser }: Places,
): NamingEndpoint[] {
  return endpoints.map((endpoint) => ({
    ...endpoint,
    isUser: isUser && endpoint.card !== undefined,
    internal: networks.get(endpoint.networkId)?.internal ?? false,
    links: run.networks.find(({ network }) => network === endpoint.network)?.links ?? [],
  }));
}

import type { Networks } from "../core.ts";
import {
  type ContainerRecord,
  type DockerRequest,
  endpointSchema,
  type NetworkRecord,
  attachedNetworks,
  specifyEndpoint,
} from "../records.ts";

type Endpoint = DockerRequest["endpoints"][string];

/** Whose names are for all to see: networks that somebody made. */
export function isUserDefined(name: string): boolean {
  return !["bridge", "host", "none", "default", ""].includes(name);
}

/**
 * What is asked of networks by the name of each, as far as it is there already; the one that the mode
 * names is among them.
 */
export function resolveNetworks(networks: Networks, request: DockerRequest): DockerRequest {
  const endpoints: DockerRequest["endpoints"] = {};
  for (const asked of attachedNetworks(request)) {
    const name = nameOf(networks, asked, request.hostConfig.NetworkMode);
    endpoints[name] = request.endpoints[asked] ?? endpointSchema.parse({});
  }
  return { ...request, endpoints };
}

/** An id stands for a name only where it is the mode's, too. */
function nameOf(networks: Networks, asked: string, mode: string): string {
  if (!isUserDefined(asked)) return asked;
  const ofMode = isUserDefined(mode) ? found(networks, mode) : undefined;
  return ofMode?.id === asked || mode === asked ? (ofMode?.name ?? asked) : asked;
}

function found(networks: Networks, wanted: string): NetworkRecord | undefined {
  try {
    return networks.find(wanted);
  } catch {
    return undefined; // it is told at the start, as it may come before
  }
}

interface KeptEndpoint {
  asked: Endpoint;
  networkId: string;
  isNamed: boolean;
  before?: string;
}

type Kept = Pick<ContainerRecord, "request" | "run">;

/** A container that is in one network more, or has another place in it; `before`: how it called it. */
export function withEndpoint(
  { request, run }: Kept,
  name: string,
  { asked, networkId, isNamed, before = name }: KeptEndpoint,
): Kept {
  const one = { ...specifyEndpoint(name, asked), networkId, isNamed };
  const isThere = run.networks.some(({ network }) => network === before);
  const networks = run.networks.map((old) => (old.network === before ? one : old));
  const { [before]: _, ...others } = request.endpoints;
  return {
    request: { ...request, endpoints: { ...others, [name]: asked } },
    run: { ...run, networks: isThere ? networks : [...networks, one] },
  };
}

/** A container that is in one network less. */
export function withoutEndpoint({ request, run }: Kept, name: string): Kept {
  const { [name]: _, ...endpoints } = request.endpoints;
  return {
    request: { ...request, endpoints },
    run: { ...run, networks: run.networks.filter(({ network }) => network !== name) },
  };
}

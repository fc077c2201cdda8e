import { z } from "zod";
import { userNetwork } from "../../network/user-network.ts";
import { dockerRequestSchema } from "./docker-request.ts";
import { type RunEndpoint, runEndpointSchema } from "./endpoint.ts";
import { specifyNetworks } from "./specify-networks.ts";

/* Containers had one network at most, up to version 2 of their records. */

const earlierSchema = z.looseObject({
  version: z.union([z.literal(1), z.literal(2)]),
  request: dockerRequestSchema,
  run: z.looseObject({
    network: z.looseObject({ mac: z.string(), isMacGiven: z.boolean().default(false) }).optional(),
  }),
  state: z.looseObject({ mac: z.string().optional() }),
});

/** What is stored of a container, with its networks as they are kept now. What isn't earlier stays. */
export function withNetworks(stored: unknown): unknown {
  const { success, data } = earlierSchema.safeParse(stored);
  if (!success || typeof stored !== "object") return stored;
  const { run, state, request } = data;
  const given = run.network?.isMacGiven === true ? run.network.mac : "";
  const networks = specifyNetworks(request).map((one) => ({
    ...one,
    mac: one.network === "bridge" ? given : "",
  }));
  return {
    ...stored,
    run: { ...run, networks },
    state: state.mac === undefined ? state : { ...state, endpoints: ownEndpoints(state.mac) },
  };
}

/** Of a machine that has the network of its own; `mac` is empty where it has none. */
export function ownEndpoints(mac: string): RunEndpoint[] {
  return mac === "" ? [] : [ownEndpoint(mac)];
}

/** The same, of one that has a card. */
export function ownEndpoint(mac: string): RunEndpoint {
  const { address, gateway } = userNetwork;
  const nowhere = { network: "bridge", networkId: "", endpointId: "" };
  const card = { card: 0, interfaceName: "eth0", mac, ipv4: address, gateway4: gateway };
  return runEndpointSchema.parse({ ...nowhere, ...card });
}

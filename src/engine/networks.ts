/* Networks: what is made, what containers have of them, and how they come and go. */

export { announceNetwork } from "./networks/announce-network.ts";
export { endpointFault, joined, requireEndpoint } from "./networks/check-endpoint.ts";
export { driverOption } from "./networks/driver-options.ts";
export { createNetwork } from "./networks/create-network.ts";
export { requireCompatible } from "./networks/require-compatible.ts";
export { namesOf } from "./networks/endpoint-names.ts";
export {
  attachEndpoints,
  endNetworks,
  joinNetworks,
  joinRunning,
  leaveNetworks,
  setNetworks,
} from "./networks/join-networks.ts";
export { holdEgress, requireEgress } from "./networks/hold-egress.ts";
export { networkRequestSchema } from "./networks/network-request.ts";
export { makePredefined } from "./networks/predefined.ts";
export { pruneNetworks, removeNetwork } from "./networks/remove-network.ts";
export { resolveNetworks, withEndpoint, withoutEndpoint } from "./networks/request-networks.ts";

import type { CardSetup } from "../../agent/agent-client.ts";
import { hasOwnNetwork, type MachinePlan } from "./machine-plan.ts";
import { userCard } from "./user-card.ts";

/**
 * How the first card is set up in a machine whose container is not known yet: on the switch as the
 * first container's of the default network is, which then needs nothing more.
 */
export function preparedCard(plan: MachinePlan, mac: string): CardSetup | undefined {
  if (hasOwnNetwork(plan)) return userCard(mac);
  const isOnNetwork = plan.endpoints.some(({ card }) => card !== undefined);
  return plan.taps === undefined || !isOnNetwork ? undefined : switchCard(mac);
}

/** @see preparedCard */
export function switchCard(mac: string): CardSetup {
  const addresses = { addresses: ["172.17.0.2/16"], gateways: ["172.17.0.1"] };
  return { index: 0, name: "eth0", mac, ...addresses, mtu: 0 };
}

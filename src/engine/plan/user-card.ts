import type { CardSetup } from "../../agent/agent-client.ts";
import { userNetwork } from "../../network/user-network.ts";

/** The card of a machine that has a network of its own. */
export function userCard(mac: string): CardSetup {
  const { address, gateway } = userNetwork;
  return { index: 0, name: "eth0", mac, addresses: [address], gateways: [gateway], mtu: 0 };
}

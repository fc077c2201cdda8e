import type { CardSetup } from "../../agent/agent-client.ts";
import type { RunEndpoint } from "../records.ts";

/** What a container's cards are told, whose places are in the order of their way out. */
export function cardsOf(endpoints: readonly RunEndpoint[]): CardSetup[] {
  const way4 = endpoints.find(({ gateway4 }) => gateway4 !== "");
  const way6 = endpoints.find(({ gateway6 }) => gateway6 !== "");
  return endpoints.flatMap((endpoint) => {
    const { card, interfaceName, mac, ipv4, ipv6, linkLocal, mtu } = endpoint;
    if (card === undefined) return [];
    return [
      {
        ...{ index: card, name: interfaceName, mac, mtu },
        addresses: [ipv4, ipv6, ...linkLocal].filter((one) => one !== ""),
        gateways: [
          ...(endpoint === way4 ? [endpoint.gateway4] : []),
          ...(endpoint === way6 ? [endpoint.gateway6] : []),
        ],
      },
    ];
  });
}

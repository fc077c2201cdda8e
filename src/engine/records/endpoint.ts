import { z } from "zod";

const strings = z.array(z.string());
const text = z.string().default("");

/** What a container is to have in a network that it is in. */
export const endpointSpecificationSchema = z.object({
  /** The network, as it was asked for: a name, an id, or the beginning of one. */
  network: z.string(),
  /** The id of the network that it was in first; empty before that. */
  networkId: text,
  /** The others in it have been told of its names. */
  isNamed: z.boolean().default(false),
  /** Addresses that were asked for, without prefix; empty: any. */
  ipv4: text,
  ipv6: text,
  /** Further ones, of its link alone. */
  linkLocal: strings.default([]),
  /** With colons; empty: any. */
  mac: text,
  aliases: strings.default([]),
  /** As `NAME:ALIAS`. */
  links: strings.default([]),
  /** The highest has the default route. */
  gatewayPriority: z.number().default(0),
  /** Settings of its card, as `net.ipv4.conf.IFNAME.log_martians=1`. */
  sysctls: strings.default([]),
  /** Of its card inside; empty: `eth0` and so on. */
  interfaceName: text,
});
export type EndpointSpecification = z.infer<typeof endpointSpecificationSchema>;

/** What a run has of a network. */
export const runEndpointSchema = z.object({
  /** Of the network. */
  network: z.string(),
  networkId: z.string(),
  endpointId: z.string(),
  /** Place of its card among the machine's; undefined: it has none, as in the network `none`. */
  card: z.number().optional(),
  /** In the container: `eth0`. */
  interfaceName: text,
  /** On the switch; empty: the machine has a network of its own. */
  tap: text,
  /** Empty: it has no card. */
  mac: text,
  /** With their prefixes; empty: none. */
  ipv4: text,
  ipv6: text,
  linkLocal: strings.default([]),
  /** 0: the card keeps the one that it has. */
  mtu: z.number().default(0),
  /** Of the network, whether the container's default route leads there or not; empty: none. */
  gateway4: text,
  gateway6: text,
  /** By which the others in the network find it. */
  names: strings.default([]),
});
export type RunEndpoint = z.infer<typeof runEndpointSchema>;

import type { EgressRule } from "../egress/egress-policy.ts";

/** What a container has on one of its networks that others find it by, and it them. */
export interface NamedEndpoint {
  /** Id of the network. */
  network: string;
  networkName: string;
  /** Leads nowhere but to its own containers. */
  internal: boolean;
  /** Of the container, its full name first: aliases, short id, host name. Case doesn't matter. */
  names: string[];
  /** Without their prefixes, of both families. */
  addresses: string[];
  /** Names that it alone has for others of this network. */
  links: { alias: string; name: string }[];
}

/** All that is known of a container's names while it runs. */
export interface ContainerNames {
  /** Its id. */
  container: string;
  /** In the order in which they are asked: the one with the default route first. */
  endpoints: NamedEndpoint[];
  /** Whom it asks, from its own network, for what no container is called; empty: the host's. */
  servers: string[];
  /** Its resolver options, or the host's, say how many dots a name has that is asked for whole. */
  setsDots: boolean;
  /** What it may reach outside; undefined: all. Then its servers are asked for it. */
  egress?: EgressRule[];
}

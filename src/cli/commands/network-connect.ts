import type { JsonObject } from "../../client/json.ts";
import type { Command } from "../command.ts";
import { keyValues } from "../options/environment.ts";
import { checked, integer, list, text } from "../options/flag-kinds.ts";
import { readLink } from "../options/namespace-flags.ts";

export const command: Command = {
  name: "network connect",
  usage: "[OPTIONS] NETWORK CONTAINER",
  summary: "Connect a container to a network",
  flags: [
    list("alias", "Add network-scoped alias for the container"),
    list("driver-opt", "driver options for the network"),
    integer("gw-priority", "Highest gw-priority provides the default gateway"),
    text("ip", "string", 'IPv4 address (e.g., "172.30.100.104")'),
    text("ip6", "string", 'IPv6 address (e.g., "2001:db8::33")'),
    checked(list("link", "Add link to another container"), readLink),
    list("link-local-ip", "Add a link-local address for the container"),
  ],
  arguments: { min: 2, max: 2 },
  async run({ flags, positionals: [network = "", container = ""] }, { client }) {
    const addresses: JsonObject = {
      IPv4Address: flags.text("ip") ?? "",
      IPv6Address: flags.text("ip6") ?? "",
      LinkLocalIPs: flags.list("link-local-ip"),
    };
    await client.networks.connect(network, {
      Container: container,
      EndpointConfig: {
        IPAMConfig: addresses,
        Links: flags.list("link").map(readLink),
        Aliases: flags.list("alias"),
        DriverOpts: keyValues(flags.list("driver-opt")),
        GwPriority: flags.integer("gw-priority") ?? 0,
      },
    });
  },
};

import { requireText } from "../../client/json.ts";
import type { Command } from "../command.ts";
import { keyValues } from "../options/environment.ts";
import { boolean, list, text } from "../options/flag-kinds.ts";
import { ipamConfigs } from "../options/ipam-configs.ts";

export const command: Command = {
  name: "network create",
  usage: "[OPTIONS] NETWORK",
  summary: "Create a network",
  flags: [
    boolean("attachable", "Enable manual container attachment"),
    list("aux-address", "Auxiliary IPv4 or IPv6 addresses used by Network driver"),
    text("config-from", "string", "The network from which to copy the configuration"),
    boolean("config-only", "Create a configuration only network"),
    text("driver", "string", 'Driver to manage the Network (default "bridge")', "d"),
    list("gateway", "IPv4 or IPv6 Gateway for the master subnet"),
    boolean("ingress", "Create swarm routing-mesh network"),
    boolean("internal", "Restrict external access to the network"),
    list("ip-range", "Allocate container ip from a sub-range"),
    text("ipam-driver", "string", 'IP Address Management Driver (default "default")'),
    list("ipam-opt", "Set IPAM driver specific options"),
    boolean("ipv4", "Enable or disable IPv4 address assignment (default true)"),
    boolean("ipv6", "Enable or disable IPv6 address assignment"),
    list("label", "Set metadata on a network"),
    list("opt", "Set driver specific options", "o"),
    text("scope", "string", "Control the network's scope"),
    list("subnet", "Subnet in CIDR format that represents a network segment"),
  ],
  arguments: { min: 1, max: 1 },
  async run({ flags, positionals: [name = ""] }, { client, stdout }) {
    const from = flags.text("config-from");
    const given = (flag: string, field: string) =>
      flags.has(flag) ? { [field]: flags.boolean(flag) } : {};
    const answer = await client.networks.create({
      Name: name,
      Driver: flags.text("driver") ?? "bridge",
      Scope: flags.text("scope") ?? "",
      ...given("ipv4", "EnableIPv4"),
      ...given("ipv6", "EnableIPv6"),
      IPAM: {
        Driver: flags.text("ipam-driver") ?? "default",
        Options: keyValues(flags.list("ipam-opt")),
        Config: ipamConfigs({
          subnets: flags.list("subnet"),
          ranges: flags.list("ip-range"),
          gateways: flags.list("gateway"),
          auxiliary: keyValues(flags.list("aux-address")),
        }),
      },
      Internal: flags.boolean("internal"),
      Attachable: flags.boolean("attachable"),
      Ingress: flags.boolean("ingress"),
      ConfigOnly: flags.boolean("config-only"),
      ...(from === undefined ? {} : { ConfigFrom: { Network: from } }),
      Options: keyValues(flags.list("opt")),
      Labels: keyValues(flags.list("label")),
    });
    stdout.write(`${requireText(answer, "Id")}\n`);
  },
};

import { z } from "zod";
import { goNamed } from "../../../base/go-schema.ts";
import { flag, list, map, number, optional, string } from "../../../base/json-fields.ts";

const portBinding = goNamed("nat.PortBinding", z.object({ HostIp: string, HostPort: string }));

export const networkFields = {
  NetworkMode: goNamed("container.NetworkMode", string),
  PortBindings: goNamed("nat.PortMap", map(list(portBinding))),
  PublishAllPorts: flag,
  Dns: list(string),
  DnsOptions: list(string),
  DnsSearch: list(string),
  ExtraHosts: list(string),
  Links: list(string),
};

/** `EndpointSettings`, as far as a client may choose: the rest is told by the daemon. */
export const endpointFields = {
  IPAMConfig: optional(
    goNamed(
      "network.EndpointIPAMConfig",
      z.object({
        IPv4Address: z.string().optional(),
        IPv6Address: z.string().optional(),
        LinkLocalIPs: z.array(z.string()).optional(),
      }),
    ),
  ),
  Links: list(string),
  Aliases: list(string),
  MacAddress: string,
  DriverOpts: map(string),
  GwPriority: goNamed("int", number),
};

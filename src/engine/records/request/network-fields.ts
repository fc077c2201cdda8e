import { z } from "zod";
import { flag, list, map, number, optional, string } from "../../../base/json-fields.ts";

export const networkFields = {
  NetworkMode: string,
  PortBindings: map(list(z.object({ HostIp: string, HostPort: string }))),
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
    z.object({
      IPv4Address: z.string().optional(),
      IPv6Address: z.string().optional(),
      LinkLocalIPs: z.array(z.string()).optional(),
    }),
  ),
  Links: list(string),
  Aliases: list(string),
  MacAddress: string,
  DriverOpts: map(string),
  GwPriority: number,
};

import type { DockerRequest } from "./docker-request.ts";
import { type EndpointSpecification, endpointSpecificationSchema } from "./endpoint.ts";
import { attachedNetworks } from "./request/attached-networks.ts";
import { cleanMacAddress } from "./request/mac-address.ts";

type Request = Pick<DockerRequest, "config" | "hostConfig" | "endpoints">;

/** Settings of network cards that Docker keeps under a driver's name. */
export const sysctlOption = "com.docker.network.endpoint.sysctls";
const interfaceOption = "com.docker.network.endpoint.ifname";

/** The networks that a container is asked to be in, in the order in which it was asked for. Pure. */
export function specifyNetworks(request: Request): EndpointSpecification[] {
  return attachedNetworks(request).map((network) =>
    specifyEndpoint(network, request.endpoints[network]),
  );
}

/** What `asked` says of one. */
export function specifyEndpoint(
  network: string,
  asked: DockerRequest["endpoints"][string] | undefined,
): EndpointSpecification {
  const { IPv4Address = "", IPv6Address = "", LinkLocalIPs = [] } = asked?.IPAMConfig ?? {};
  const options = asked?.DriverOpts ?? {};
  return {
    ...endpointSpecificationSchema.parse({ network }),
    ...{ ipv4: IPv4Address, ipv6: IPv6Address, linkLocal: LinkLocalIPs },
    mac: cleanMacAddress(asked?.MacAddress ?? "") ?? "",
    aliases: asked?.Aliases ?? [],
    links: asked?.Links ?? [],
    gatewayPriority: asked?.GwPriority ?? 0,
    sysctls: options[sysctlOption]?.split(",") ?? [],
    interfaceName: options[interfaceOption] ?? "",
  };
}

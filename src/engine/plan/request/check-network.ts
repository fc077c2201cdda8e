import { isIP } from "node:net";
import { DvmError } from "../../../base/errors.ts";
import type { DockerRequest, HostConfig } from "../../records.ts";
import { sharingContainer } from "../../records.ts";
import { refuseGiven } from "./refuse-given.ts";

/** What is asked of networks, but for ports. */
export function checkNetwork({ config, hostConfig, endpoints }: DockerRequest): void {
  for (const host of hostConfig.ExtraHosts ?? []) checkExtraHost(host);
  const { NetworkDisabled, MacAddress } = config;
  refuseGiven("", { NetworkDisabled, MacAddress });
  refuseGiven("HostConfig.", { Links: hostConfig.Links });
  for (const [network, { Aliases: _, ...rest }] of Object.entries(endpoints))
    refuseGiven(`NetworkingConfig.EndpointsConfig.${network}.`, rest);
  if (Object.values(endpoints).some(({ Aliases }) => (Aliases ?? []).length > 0))
    throw new DvmError(
      "invalid",
      "network-scoped aliases are only supported for user-defined networks",
    );
}

/** What only the other container of `--network container:NAME` can have, in Docker's words. */
export function checkNetworkMode({ config, hostConfig }: DockerRequest): void {
  const { NetworkMode } = hostConfig;
  if (NetworkMode === "container:" || NetworkMode === "container")
    throw new DvmError(
      "invalid",
      "invalid network mode: invalid container format container:<name|id>",
    );
  if (sharingContainer(NetworkMode) === undefined) return;
  const clash = clashing({ config, hostConfig });
  if (clash !== undefined) throw new DvmError("invalid", `conflicting options: ${clash}`);
  if ((hostConfig.Dvm.Room ?? 0) > 0)
    throw new DvmError("invalid", "conflicting options: room and the container type network mode");
}

function clashing({
  config,
  hostConfig,
}: Pick<DockerRequest, "config" | "hostConfig">): string | undefined {
  const clashes: [boolean, string][] = [
    [config.Hostname !== "", "hostname and the network mode"],
    [
      (hostConfig.Links ?? []).length > 0,
      "container type network can't be used with links. This would result in undefined behavior",
    ],
    [(hostConfig.Dns ?? []).length > 0, "dns and the network mode"],
    [(hostConfig.ExtraHosts ?? []).length > 0, "custom host-to-IP mapping and the network mode"],
    [publishes(hostConfig), "port publishing and the container type network mode"],
    [
      Object.keys(config.ExposedPorts).length > 0,
      "port exposing and the container type network mode",
    ],
  ];
  return clashes.find(([isClash]) => isClash)?.[1];
}

function publishes({ PortBindings, PublishAllPorts }: HostConfig): boolean {
  return Object.keys(PortBindings ?? {}).length > 0 || PublishAllPorts;
}

/** `NAME:ADDRESS`; an address of IPv6 has more colons. */
function checkExtraHost(entry: string): void {
  const colon = entry.indexOf(":");
  if (colon < 1) throw new DvmError("invalid", `bad format for add-host: ${JSON.stringify(entry)}`);
  const address = entry.slice(colon + 1);
  if (address !== "host-gateway" && isIP(address) === 0)
    throw new DvmError("invalid", `invalid IP address in add-host: ${JSON.stringify(address)}`);
}

import { DvmError } from "../../base/errors.ts";
import { type DockerRequest, endpointSchema, sharingContainer } from "../../engine/records.ts";
import { type ApiVersion, isOlder } from "../api-version.ts";

type Endpoints = DockerRequest["endpoints"];

const sysctlOption = "com.docker.network.endpoint.sysctls";

/** Older clients know of one network at creation. */
export function checkEndpointCount(endpoints: Endpoints): void {
  const names = Object.keys(endpoints);
  if (names.length > 1)
    throw new DvmError(
      "invalid",
      `Container cannot be created with multiple network endpoints: ${names.join(", ")}`,
    );
}

/**
 * The container's address goes to the endpoint that it is the container's main one; before 1.44 that
 * was the only place for it. Gives warnings.
 */
export function adaptMacAddress(request: DockerRequest, version: ApiVersion): string[] {
  const { config, hostConfig, endpoints } = request;
  const given = config.MacAddress;
  const hasNetwork = isNetwork(hostConfig.NetworkMode);
  if (isOlder(version, "1.44")) {
    if (given === "") for (const endpoint of Object.values(endpoints)) endpoint.MacAddress = "";
    else if (!hasNetwork)
      throw new DvmError("invalid", "conflicting options: mac-address and the network mode");
    else mainEndpoint(request, version).MacAddress = given;
    return [];
  }
  if (given === "") return [];
  if (hasNetwork) {
    const endpoint = mainEndpoint(request, version);
    if (endpoint.MacAddress !== "" && endpoint.MacAddress !== given)
      throw new DvmError(
        "invalid",
        "the container-wide MAC address must match the endpoint-specific MAC address for the main network, or be left empty",
      );
    endpoint.MacAddress = given;
  }
  config.MacAddress = "";
  return [
    "The container-wide MacAddress field is now deprecated. It should be specified in EndpointsConfig instead.",
  ];
}

/** Settings of eth0 go to its endpoint, where newer clients put them. Gives warnings. */
export function adaptSysctls(request: DockerRequest, version: ApiVersion): string[] {
  const { hostConfig } = request;
  if (hostConfig.NetworkMode === "host" || sharingContainer(hostConfig.NetworkMode) !== undefined)
    return [];
  const ofCards = Object.entries(hostConfig.Sysctls ?? {}).flatMap(([name, value]) => {
    const [, front, card = "", rest] = /^(net\.[^.]*\.[^.]*)\.(eth[^.]*)\.(.*)$/.exec(name) ?? [];
    return front === undefined ? [] : [{ name, card, moved: `${front}.IFNAME.${rest}=${value}` }];
  });
  const [first] = ofCards;
  if (first === undefined) return [];
  if (isOlder("1.47", version))
    throw new DvmError(
      "unclassified",
      `interface specific sysctl setting ${JSON.stringify(first.name)} must be supplied using driver option '${sysctlOption}'`,
    );
  const other = ofCards.find(({ card }) => card !== "eth0");
  if (other !== undefined)
    throw new DvmError(
      "unclassified",
      `unable to determine network endpoint for sysctl ${other.name}, use driver option '${sysctlOption}' to set per-interface sysctls`,
    );
  const endpoint = mainEndpoint(request, version);
  const moved = ofCards.map((one) => one.moved).join(",");
  const own = endpoint.DriverOpts?.[sysctlOption];
  endpoint.DriverOpts = {
    ...endpoint.DriverOpts,
    [sysctlOption]: own === undefined ? moved : `${moved},${own}`,
  };
  for (const { name } of ofCards) delete hostConfig.Sysctls?.[name];
  const names = JSON.stringify(ofCards.map(({ name }) => name).join(","));
  return [
    `Migrated sysctl ${names} to DriverOpts{${JSON.stringify(sysctlOption)}:${JSON.stringify(moved)}}.`,
  ];
}

/** The endpoint in the network that the container's mode names; it is made where there are none. */
function mainEndpoint(
  { hostConfig: { NetworkMode }, endpoints }: DockerRequest,
  version: ApiVersion,
): Endpoints[string] {
  const [first] = Object.values(endpoints);
  if (first === undefined) return (endpoints[NetworkMode] = endpointSchema.parse({}));
  const found = isOlder(version, "1.44") ? first : endpoints[NetworkMode];
  if (found !== undefined) return found;
  throw new DvmError(
    "invalid",
    "HostConfig.NetworkMode must match the identity of a network in NetworkSettings.Networks",
  );
}

/** The bridge, or one that somebody made. */
function isNetwork(mode: string): boolean {
  return mode !== "host" && mode !== "none" && sharingContainer(mode) === undefined;
}

import { DvmError } from "../../base/errors.ts";
import type { Containers } from "../core.ts";
import { type DockerRequest, sharingContainer } from "../records.ts";

/**
 * Docker's `--network container:NAME`, with the id in place of the name, once it is seen that nothing
 * else is asked for that only the other container can have.
 */
export function resolveSharedNetwork(
  containers: Containers,
  request: DockerRequest,
): DockerRequest {
  const { hostConfig } = request;
  if (hostConfig.NetworkMode === "container:")
    throw new DvmError(
      "invalid",
      "invalid network mode: invalid container format container:<name|id>",
    );
  const named = sharingContainer(hostConfig.NetworkMode);
  if (named === undefined) return request;
  const clash = clashing(request);
  if (clash !== undefined) throw new DvmError("invalid", `conflicting options: ${clash}`);
  if ((hostConfig.Dvm.Room ?? 0) > 0)
    throw new DvmError("invalid", "conflicting options: room and the container type network mode");
  return {
    ...request,
    hostConfig: { ...hostConfig, NetworkMode: `container:${idOf(containers, named)}` },
  };
}

/** Of a container that isn't there the name stays: it may come before the start. */
function idOf(containers: Containers, named: string): string {
  try {
    return containers.find(named).id;
  } catch (error) {
    if (error instanceof DvmError && error.code === "not-found") return named;
    throw error;
  }
}

/** As Docker words it (daemon/runconfig). */
function clashing({ config, hostConfig }: DockerRequest): string | undefined {
  const clashes: [boolean, string][] = [
    [config.Hostname !== "", "hostname and the network mode"],
    [hostConfig.Dns.length > 0, "dns and the network mode"],
    [hostConfig.ExtraHosts.length > 0, "custom host-to-IP mapping and the network mode"],
    [
      Object.keys(hostConfig.PortBindings).length > 0 || hostConfig.PublishAllPorts,
      "port publishing and the container type network mode",
    ],
    [
      Object.keys(config.ExposedPorts).length > 0,
      "port exposing and the container type network mode",
    ],
  ];
  return clashes.find(([isClash]) => isClash)?.[1];
}

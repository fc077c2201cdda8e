import { DvmError } from "../../base/errors.ts";
import type { Containers } from "../core.ts";
import { type DockerRequest, sharingContainer } from "../records.ts";

/** Docker's `--network container:NAME`, with the id in place of the name. */
export function resolveSharedNetwork(
  containers: Containers,
  request: DockerRequest,
): DockerRequest {
  const { hostConfig } = request;
  const named = sharingContainer(hostConfig.NetworkMode);
  if (named === undefined) return request;
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

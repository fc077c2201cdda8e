import type { DockerRequest } from "../docker-request.ts";

/** Names of the networks that a container is to be in; of none where it shares another one's. */
export function attachedNetworks({
  config,
  hostConfig,
  endpoints,
}: Pick<DockerRequest, "config" | "hostConfig" | "endpoints">): string[] {
  if (config.NetworkDisabled || hostConfig.NetworkMode.startsWith("container:")) return [];
  const named = Object.keys(endpoints);
  return (named.length > 0 ? named : [hostConfig.NetworkMode]).map((name) =>
    name === "" || name === "default" ? "bridge" : name,
  );
}

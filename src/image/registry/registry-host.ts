import { dockerHub } from "../../base/registry-name.ts";

const dockerHubApi = "registry-1.docker.io";

/** The host, with port, that serves the API of a registry as references name it. */
export function apiHost(registry: string): string {
  return registry === dockerHub ? dockerHubApi : registry;
}

/** Whether `host` (with or without port) is this machine: docker lets such registries be insecure. */
export function isLocalHost(host: string): boolean {
  const name = host.replace(/:\d+$/, "");
  return name === "localhost" || name === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(name);
}

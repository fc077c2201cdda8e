/** The registry of names without one; its API is served by another host. */
export const dockerHub = "docker.io";
const dockerHubApi = "registry-1.docker.io";
/** What docker's CLI calls Docker Hub in its settings and in `docker login`. */
const dockerHubAddresses = new Set([
  "docker.io",
  "index.docker.io",
  "registry-1.docker.io",
  "https://index.docker.io/v1/",
]);

/** The host, with port, that serves the API of a registry as references name it. */
export function apiHost(registry: string): string {
  return registry === dockerHub ? dockerHubApi : registry;
}

/** The registry that a `serveraddress` means: `https://index.docker.io/v1/`, `host:port`, an URL. */
export function registryOfAddress(address: string): string {
  if (address === "" || dockerHubAddresses.has(address)) return dockerHub;
  const host = address.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  return dockerHubAddresses.has(host) ? dockerHub : host;
}

/** Whether `host` (with or without port) is this machine: docker lets such registries be insecure. */
export function isLocalHost(host: string): boolean {
  const name = host.replace(/:\d+$/, "");
  return name === "localhost" || name === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(name);
}

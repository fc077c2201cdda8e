/** The registry of names without one; another host serves its API. */
export const dockerHub = "docker.io";
/** What docker's files and its login call Docker Hub. */
export const hubAddress = "https://index.docker.io/v1/";
const hubAddresses = new Set([dockerHub, "index.docker.io", "registry-1.docker.io", hubAddress]);

/** Whether the first part of an image's name is a registry: `localhost`, or it has a dot, a colon or a capital. */
export function isRegistryName(firstPart: string): boolean {
  return firstPart === "localhost" || /[.:A-Z]/.test(firstPart);
}

/** `registry/path` of an image's name; the registry is undefined where none is written. */
export function splitRegistry(name: string): { registry: string | undefined; path: string } {
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  return isRegistryName(first)
    ? { registry: first, path: name.slice(slash + 1) }
    : { registry: undefined, path: name };
}

/** The registry that a `serveraddress` means: `https://index.docker.io/v1/`, `host:port`, an URL. */
export function registryOfAddress(address: string): string {
  if (address === "" || hubAddresses.has(address)) return dockerHub;
  const host = address.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  return hubAddresses.has(host) ? dockerHub : host;
}

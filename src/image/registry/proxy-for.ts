import { BlockList, isIP } from "node:net";
import { isLocalHost } from "./registry-host.ts";
import type { ProxySettings } from "./registry-settings.ts";

/** The proxy for `url` by `settings`, else the environment; undefined when it is reached directly. */
export function proxyFor(
  url: URL,
  settings: ProxySettings,
  environment: Record<string, string | undefined>,
): string | undefined {
  const fromEnvironment = (name: string): string | undefined =>
    environment[name.toLowerCase()] || environment[name];
  const proxy =
    url.protocol === "https:"
      ? settings.httpsProxy || fromEnvironment("HTTPS_PROXY")
      : settings.httpProxy || fromEnvironment("HTTP_PROXY");
  if (proxy === undefined || proxy === "" || isLocalHost(url.host)) return undefined;
  const exempt = settings.noProxy || fromEnvironment("NO_PROXY") || "";
  if (exempt.split(/[,\s]+/).some((entry) => entry !== "" && matches(url, entry))) return undefined;
  return proxy.includes("://") ? proxy : `http://${proxy}`;
}

/** One entry of NO_PROXY, as Go's programs read it: `*`, an address, a network, `host[:port]`, `.domain`. */
function matches(url: URL, entry: string): boolean {
  if (entry === "*") return true;
  const name = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  const [address = "", prefix] = entry.split("/");
  if (prefix !== undefined) return isInNetwork(name, address, Number(prefix));
  const portText = isIP(entry) === 6 ? undefined : /:(\d+)$/.exec(entry)?.[1];
  if (portText !== undefined && portText !== portOf(url)) return false;
  const host = (portText === undefined ? entry : entry.slice(0, -portText.length - 1))
    .replace(/^\[|\]$/g, "")
    .replace(/^\*\./, ".")
    .toLowerCase();
  return host.startsWith(".") ? name.endsWith(host) : name === host || name.endsWith(`.${host}`);
}

function isInNetwork(name: string, address: string, prefix: number): boolean {
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  const most = family === "ipv6" ? 128 : 32;
  if (isIP(name) === 0 || isIP(address) === 0 || !(prefix >= 0 && prefix <= most)) return false;
  const list = new BlockList();
  list.addSubnet(address, prefix, family);
  return list.check(name, isIP(name) === 6 ? "ipv6" : "ipv4");
}

function portOf(url: URL): string {
  return url.port || (url.protocol === "https:" ? "443" : "80");
}

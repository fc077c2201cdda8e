import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { dockerHub } from "../../base/registry-name.ts";
import type { ProxySettings, RegistrySettings } from "./registry-settings.ts";

/** What is said of registries without naming each: dockerd's settings of its own. */
export interface GeneralRegistrySettings {
  /** Of Docker Hub. */
  registryMirrors: readonly string[];
  /** Hosts, hosts with a port, networks. */
  insecureRegistries: readonly string[];
  proxies: { httpProxy: string; httpsProxy: string; noProxy: string };
  maxDownloadAttempts: number;
}

interface Settings {
  registry: RegistrySettings;
  proxies: ProxySettings;
}

/** What a registry's own settings leave open comes from the general ones. */
export async function withGeneral(
  { registry, proxies }: Settings,
  host: string,
  general: GeneralRegistrySettings,
): Promise<Settings> {
  const mirrors =
    registry.mirrors.length === 0 && host === dockerHub
      ? general.registryMirrors.map((url) => new URL(url))
      : registry.mirrors;
  const insecure = await isInsecure(host, general.insecureRegistries);
  return {
    registry: {
      ...registry,
      mirrors,
      mayBePlain: registry.mayBePlain || insecure,
      skipVerify: registry.skipVerify || insecure,
    },
    proxies: {
      httpProxy: proxies.httpProxy || general.proxies.httpProxy || undefined,
      httpsProxy: proxies.httpsProxy || general.proxies.httpsProxy || undefined,
      noProxy: proxies.noProxy || general.proxies.noProxy || undefined,
    },
  };
}

/** By name, with the port or without, or by a network that one of its addresses is of. */
async function isInsecure(host: string, insecure: readonly string[]): Promise<boolean> {
  const names = insecure.map((entry) => entry.replace(/^https?:\/\//, "").replace(/\/$/, ""));
  if (names.includes(host)) return true;
  const networks = names.filter((name) => name.includes("/"));
  if (networks.length === 0) return false;
  const name = host.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  const addresses = isIP(name) === 0 ? await addressesOf(name) : [name];
  return addresses.some((address) => isInAny(address, networks));
}

/** A name without an address is of no network. */
async function addressesOf(name: string): Promise<string[]> {
  return (await lookup(name, { all: true }).catch(() => [])).map(({ address }) => address);
}

function isInAny(address: string, networks: readonly string[]): boolean {
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  const list = new BlockList();
  for (const network of networks) {
    const [base = "", prefix = ""] = network.split("/");
    const isOfFamily = isIP(base) === (family === "ipv6" ? 6 : 4);
    const bits = Number(prefix);
    if (isOfFamily && bits <= (family === "ipv6" ? 128 : 32)) list.addSubnet(base, bits, family);
  }
  return list.check(address, family);
}

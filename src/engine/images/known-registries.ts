import { dockerHub } from "../../base/registry-name.ts";
import { readRegistrySettings } from "../../image/registry/registry-settings.ts";
import type { Engine } from "../core.ts";

/** How Docker Hub is reached: who is asked before it, and through which proxies. */
export async function hubAccess({ parts }: Engine) {
  const { registries } = parts;
  const told = parts.settings();
  const { registry, proxies } = await readRegistrySettings(registries.folders, dockerHub);
  const given = (name: string) =>
    registries.environment[name.toLowerCase()] ?? registries.environment[name] ?? "";
  return {
    name: dockerHub,
    mirrors: [...new Set([...told.registryMirrors, ...registry.mirrors.map(({ href }) => href)])],
    insecure: told.insecureRegistries,
    isSecure: !registry.plainHttp && !registry.skipVerify,
    httpProxy: told.proxies.httpProxy || proxies.httpProxy || given("HTTP_PROXY"),
    httpsProxy: told.proxies.httpsProxy || proxies.httpsProxy || given("HTTPS_PROXY"),
    noProxy: told.proxies.noProxy || proxies.noProxy || given("NO_PROXY"),
  };
}

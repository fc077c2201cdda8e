import type { Engine } from "../engine/core.ts";
import { hubAccess } from "../engine/images.ts";
import { type ApiVersion, isOlder } from "./api-version.ts";

/** What `/info` says of registries and of the way to them. */
export async function describeRegistries(engine: Engine, version: ApiVersion) {
  const { name, mirrors, isSecure, insecure, ...proxies } = await hubAccess(engine);
  const networks = insecure.filter((one) => one.includes("/"));
  const hosts = insecure.filter((one) => !one.includes("/"));
  const index = { Name: name, Mirrors: mirrors, Secure: isSecure, Official: true };
  return {
    RegistryConfig: {
      IndexConfigs: { [name]: index, ...Object.fromEntries(hosts.map(insecureIndex)) },
      InsecureRegistryCIDRs: ["::1/128", "127.0.0.0/8", ...networks],
      Mirrors: mirrors.length === 0 ? null : mirrors,
      ...(isOlder(version, "1.47") ? noForeignLayers : {}),
    },
    HttpProxy: withoutPassword(proxies.httpProxy),
    HttpsProxy: withoutPassword(proxies.httpsProxy),
    NoProxy: proxies.noProxy,
  };
}

function insecureIndex(host: string) {
  return [host, { Name: host, Mirrors: [], Secure: false, Official: false }] as const;
}

const noForeignLayers = {
  AllowNondistributableArtifactsCIDRs: null,
  AllowNondistributableArtifactsHostnames: null,
};

/** As Docker shows a proxy: nobody learns its password by asking. */
function withoutPassword(proxy: string): string {
  if (!URL.canParse(proxy)) return proxy;
  const url = new URL(proxy);
  if (url.username === "" && url.password === "") return proxy;
  url.username = "xxxxx";
  url.password = "xxxxx";
  return url.href;
}

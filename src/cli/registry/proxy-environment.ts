import { asObject, asText, type JsonObject } from "../../client/json.ts";

/** Of a container's environment, by the field of `proxies` in docker's config.json. */
const variables: Record<string, string> = {
  httpProxy: "HTTP_PROXY",
  httpsProxy: "HTTPS_PROXY",
  noProxy: "NO_PROXY",
  ftpProxy: "FTP_PROXY",
  allProxy: "ALL_PROXY",
};

/**
 * `environment` (`NAME=value`) with the proxies that docker's config.json gives to new containers,
 * in upper and lower case, unless it has them already.
 */
export function withProxies(environment: readonly string[], config: JsonObject): string[] {
  const proxies = asObject(asObject(config["proxies"])["default"]);
  const there = new Set(environment.map((setting) => setting.split("=")[0]));
  const added = Object.entries(variables).flatMap(([field, name]) => {
    const value = asText(proxies[field]);
    return value === ""
      ? []
      : [name, name.toLowerCase()].filter((one) => !there.has(one)).map((one) => `${one}=${value}`);
  });
  return [...environment, ...added];
}

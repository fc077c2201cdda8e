import { dockerHub, hubAddress, registryOfAddress } from "../../base/registry-name.ts";
import { asObject, asText, type JsonObject } from "../../client/json.ts";
import { credentialHelper, type CredentialHelper } from "./credential-helper.ts";
import { dockerConfigPath, readDockerConfig, writeDockerConfig } from "./docker-config.ts";

/** Docker's AuthConfig, as it goes to the daemon. */
export interface AuthConfig {
  username?: string;
  password?: string;
  identitytoken?: string;
  registrytoken?: string;
  serveraddress: string;
}

type Environment = Record<string, string | undefined>;

/** A helper gives an identity token under this name. */
const tokenUser = "<token>";

/** `docker.io` and its other names → as docker's files have it; else the host of an address. */
export function serverAddress(server: string): string {
  const registry = registryOfAddress(server);
  return registry === dockerHub ? hubAddress : registry;
}

/** The user's credentials for a registry: of its helper, else of `auths` in docker's config.json. */
export async function readCredentials(
  server: string,
  environment: Environment,
): Promise<AuthConfig | undefined> {
  const address = serverAddress(server);
  const config = await readDockerConfig(dockerConfigPath(environment));
  const helper = helperFor(config, address, environment);
  if (helper !== undefined) {
    const found = await helper.get(address);
    if (found === undefined) return undefined;
    return found.username === tokenUser
      ? { identitytoken: found.secret, serveraddress: address }
      : { username: found.username, password: found.secret, serveraddress: address };
  }
  const entry = asObject(config["auths"])[keyOf(config, address) ?? address];
  return entry === undefined ? undefined : parseEntry(asObject(entry), address);
}

/** Gives the path of the file in which a password lies unencrypted, if it does. */
export async function storeCredentials(
  { username = "", password = "", identitytoken, serveraddress }: AuthConfig,
  environment: Environment,
): Promise<string | undefined> {
  const path = dockerConfigPath(environment);
  const config = await readDockerConfig(path);
  const helper = helperFor(config, serveraddress, environment);
  if (helper !== undefined) {
    await (identitytoken === undefined
      ? helper.store(serveraddress, username, password)
      : helper.store(serveraddress, tokenUser, identitytoken));
    await writeEntry(path, config, { address: serveraddress, entry: {} });
    return undefined;
  }
  const secret = identitytoken === undefined ? password : "";
  const entry = {
    auth: Buffer.from(`${username}:${secret}`).toString("base64"),
    ...(identitytoken === undefined ? {} : { identitytoken }),
  };
  await writeEntry(path, config, { address: serveraddress, entry });
  return path;
}

/** Whether there was something to forget. */
export async function eraseCredentials(server: string, environment: Environment): Promise<boolean> {
  const address = serverAddress(server);
  const path = dockerConfigPath(environment);
  const config = await readDockerConfig(path);
  const helper = helperFor(config, address, environment);
  const inHelper = (await helper?.get(address)) !== undefined;
  if (inHelper) await helper?.erase(address);
  const key = keyOf(config, address);
  if (key === undefined) return inHelper;
  const { [key]: _gone, ...auths } = asObject(config["auths"]);
  await writeDockerConfig(path, { ...config, auths });
  return true;
}

function helperFor(
  config: JsonObject,
  address: string,
  environment: Environment,
): CredentialHelper | undefined {
  const own = asText(asObject(config["credHelpers"])[address]);
  const name = own === "" ? asText(config["credsStore"]) : own;
  return name === "" ? undefined : credentialHelper(name, environment);
}

async function writeEntry(
  path: string,
  config: JsonObject,
  { address, entry }: { address: string; entry: JsonObject },
): Promise<void> {
  const key = keyOf(config, address) ?? address;
  const auths = { ...asObject(config["auths"]), [key]: entry };
  await writeDockerConfig(path, { ...config, auths });
}

/** Older files have keys such as `https://host/v1/`. */
function keyOf(config: JsonObject, address: string): string | undefined {
  const keys = Object.keys(asObject(config["auths"]));
  return keys.find((key) => key === address) ?? keys.find((key) => serverAddress(key) === address);
}

function parseEntry(entry: JsonObject, serveraddress: string): AuthConfig | undefined {
  const decoded = Buffer.from(asText(entry["auth"]), "base64").toString("utf8").replace(/\0+$/, "");
  const colon = decoded.indexOf(":");
  const username = colon < 0 ? asText(entry["username"]) : decoded.slice(0, colon);
  const password = colon < 0 ? asText(entry["password"]) : decoded.slice(colon + 1);
  const identitytoken = asText(entry["identitytoken"]);
  const registrytoken = asText(entry["registrytoken"]);
  if (username === "" && identitytoken === "" && registrytoken === "") return undefined;
  return {
    ...{ username, password, serveraddress },
    ...(identitytoken === "" ? {} : { identitytoken }),
    ...(registrytoken === "" ? {} : { registrytoken }),
  };
}

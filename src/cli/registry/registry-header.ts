import { dockerHub, splitRegistry } from "../../base/registry-name.ts";
import type { CliContext } from "../command.ts";
import { readCredentials, type AuthConfig } from "./credential-store.ts";

/** The registry that an image's name means: what stands first, when it looks like a host. */
export function registryOf(name: string): string {
  return splitRegistry(name).registry ?? dockerHub;
}

/** The value of `X-Registry-Auth` for what `name` means: the user's credentials, or none. */
export async function registryHeader(
  name: string,
  { environment }: Pick<CliContext, "environment">,
): Promise<string> {
  return encodeAuth((await readCredentials(registryOf(name), environment)) ?? {});
}

function encodeAuth(config: Partial<AuthConfig>): string {
  return Buffer.from(JSON.stringify(config)).toString("base64url");
}

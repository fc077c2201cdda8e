/** What a user may show a registry. Fields of docker's AuthConfig, under our names. */
export interface Credentials {
  username?: string;
  password?: string;
  /** Refresh token of OAuth 2, instead of a password. */
  identityToken?: string;
  /** A bearer token to be shown as it is. */
  registryToken?: string;
}

export function basicAuthorization({ username, password }: Credentials): string | undefined {
  if (username === undefined || username === "") return undefined;
  return `Basic ${Buffer.from(`${username}:${password ?? ""}`).toString("base64")}`;
}

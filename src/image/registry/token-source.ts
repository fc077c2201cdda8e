import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import { answerError } from "./answer-error.ts";
import type { Challenge } from "./challenge.ts";
import { basicAuthorization, type Credentials } from "./credentials.ts";
import type { HttpAnswer, HttpRequest } from "./http-request.ts";
import { readJson } from "./read-document.ts";

export type BearerChallenge = Extract<Challenge, { kind: "bearer" }>;

/** Sends to `url` with what this host's settings say: proxies, certificates. */
export type Send = (
  request: Pick<HttpRequest, "method" | "url" | "headers" | "body" | "signal">,
) => Promise<HttpAnswer>;

interface TokenRequest {
  challenge: BearerChallenge;
  scopes: readonly string[];
  credentials: Credentials;
  /** The registry was reached by plain HTTP, so nothing is lost when the realm is, too. */
  overPlainHttp: boolean;
  /** Ask for a refresh token as well, as a login does. */
  offline?: boolean;
  signal?: AbortSignal | undefined;
}

export interface Token {
  token: string;
  refreshToken: string | undefined;
  /** In the clock of `performance.now()`. */
  expiresAt: number;
}

const clientId = "dvm";
const maximumTokenBytes = 1 << 20;
/** What the specification says of a token without `expires_in`. */
const defaultLifeSeconds = 60;
/** A token about to end may end on its way. */
const marginSeconds = 5;
const tokenSchema = z.object({
  token: z.string().nullish(),
  access_token: z.string().nullish(),
  refresh_token: z.string().nullish(),
  expires_in: z.number().nullish(),
});

/**
 * Gets a bearer token by distribution's token specification: GET with Basic for a password or for
 * nobody, POST (OAuth 2) for an identity token.
 */
export async function fetchToken(send: Send, request: TokenRequest): Promise<Token> {
  const realm = checkedRealm(request);
  const answer = await send(
    request.credentials.identityToken === undefined
      ? getRequest(realm, request)
      : postRequest(realm, request),
  );
  if (answer.status !== 200)
    throw await answerError(answer, `failed to fetch a token from ${realm.host}`);
  const parsed = tokenSchema.safeParse(
    await readJson(answer, { limit: maximumTokenBytes, what: "a token" }),
  );
  const token = parsed.data?.token || parsed.data?.access_token;
  if (token === undefined || token === null)
    throw new DvmError("damaged", `cannot log in: ${realm.host} answered without a token`);
  const life = Math.max(parsed.data?.expires_in ?? defaultLifeSeconds, defaultLifeSeconds);
  return {
    token,
    refreshToken: parsed.data?.refresh_token ?? undefined,
    expiresAt: performance.now() + (life - marginSeconds) * 1000,
  };
}

/** A registry that was reached by TLS must not send its users' passwords over the wire in the clear. */
function checkedRealm({ challenge, overPlainHttp }: TokenRequest): URL {
  const realm = URL.parse(challenge.realm);
  if (realm !== null && (realm.protocol === "https:" || realm.protocol === "http:")) {
    if (realm.protocol === "https:" || overPlainHttp) return realm;
  }
  throw new DvmError(
    "invalid",
    `cannot get a token from ${JSON.stringify(challenge.realm)}: it is no https URL`,
  );
}

function getRequest(realm: URL, { challenge, scopes, credentials, offline, signal }: TokenRequest) {
  const url = new URL(realm);
  if (challenge.service !== undefined) url.searchParams.set("service", challenge.service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  const authorization = basicAuthorization(credentials);
  if (authorization !== undefined) url.searchParams.set("account", credentials.username ?? "");
  if (offline === true) {
    url.searchParams.set("offline_token", "true");
    url.searchParams.set("client_id", clientId);
  }
  const headers: Record<string, string> = {};
  if (authorization !== undefined) headers["Authorization"] = authorization;
  return { method: "GET" as const, url, headers, signal };
}

function postRequest(realm: URL, { challenge, scopes, credentials, signal }: TokenRequest) {
  const form = new URLSearchParams({
    grant_type: "refresh_token",
    refresh_token: credentials.identityToken ?? "",
    service: challenge.service ?? "",
    client_id: clientId,
    scope: scopes.join(" "),
  });
  return {
    method: "POST" as const,
    url: realm,
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: Buffer.from(form.toString()),
    signal,
  };
}

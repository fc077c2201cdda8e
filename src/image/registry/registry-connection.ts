import { DvmError } from "../../base/errors.ts";
import { parseChallenge, type Challenge } from "./challenge.ts";
import { basicAuthorization, type Credentials } from "./credentials.ts";
import { discard, type HttpAnswer, type HttpRequest } from "./http-request.ts";
import { apiHost, isLocalHost } from "./registry-host.ts";
import { fetchToken, type BearerChallenge, type Token } from "./token-source.ts";
import type { Transport } from "./transport.ts";

interface Target {
  /** As references name it. */
  registry: string;
  credentials: Credentials;
  signal?: AbortSignal | undefined;
}

export interface RegistryRequest extends Pick<HttpRequest, "method" | "body" | "signal"> {
  /** Below `/v2/`, or a whole URL that the registry named. */
  path: string | URL;
  headers?: Record<string, string>;
  /** Such as `repository:library/busybox:pull`. */
  scopes?: readonly string[];
}

const maximumRedirects = 10;
const redirects = new Set([301, 302, 303, 307, 308]);

/** Finds out by `GET /v2/` how the registry is reached (TLS, or plain HTTP) and wants to be asked. */
export async function connect(
  transport: Transport,
  { registry, credentials, signal }: Target,
): Promise<RegistryConnection> {
  const { plainHttp, mayBePlain } = (await transport.settings(registry)).registry;
  const isLax = mayBePlain || isLocalHost(registry);
  const schemes = plainHttp ? ["http"] : isLax ? ["https", "http"] : ["https"];
  let failure: unknown;
  for (const scheme of schemes) {
    const base = new URL(`${scheme}://${apiHost(registry)}/`);
    try {
      return await connectTo(transport, base, { credentials, signal });
    } catch (error) {
      failure = error;
      if (signal?.aborted === true) break;
    }
  }
  throw failure;
}

/** The same for a base URL that is known, such as a mirror's. */
export async function connectTo(
  transport: Transport,
  base: URL,
  { credentials, signal }: Omit<Target, "registry">,
): Promise<RegistryConnection> {
  const url = new URL(`${base.pathname.replace(/\/*$/, "")}/v2/`, base);
  const answer = await transport.send({ method: "GET", url, headers: {}, signal });
  discard(answer);
  const challenge =
    answer.status === 401 ? parseChallenge(answer.headers["www-authenticate"]) : undefined;
  return new RegistryConnection({ transport, base: url, credentials, challenge });
}

/** A registry as one user sees it. Keeps the user's tokens. */
export class RegistryConnection {
  readonly transport: Transport;
  /** Ends in `/v2/`. */
  readonly base: URL;
  readonly #credentials: Credentials;
  readonly #tokens = new Map<string, Promise<Token>>();
  #challenge: Challenge | undefined;

  constructor(options: {
    transport: Transport;
    base: URL;
    credentials: Credentials;
    challenge: Challenge | undefined;
  }) {
    this.transport = options.transport;
    this.base = options.base;
    this.#credentials = options.credentials;
    this.#challenge = options.challenge;
  }

  /**
   * Asks with the user's authority, and once more with a new token when the old one is refused.
   * Follows redirects of GET and HEAD. Credentials go to the registry's own origin only.
   */
  async request(request: RegistryRequest): Promise<HttpAnswer> {
    const { scopes = [] } = request;
    const answer = await this.#follow(request);
    if (answer.status !== 401 || answer.url.origin !== this.base.origin) return answer;
    const challenge = parseChallenge(answer.headers["www-authenticate"]);
    const mayRepeat = request.body === undefined || Buffer.isBuffer(request.body);
    if (challenge === undefined || !mayRepeat || !this.#learn(challenge, scopes)) return answer;
    discard(answer);
    return this.#follow(request);
  }

  /** Asks for a token that can be refreshed, as a login does; undefined where passwords are shown. */
  async identityToken(signal?: AbortSignal): Promise<string | undefined> {
    if (this.#challenge?.kind !== "bearer") return undefined;
    const token = await this.#fetchToken(this.#challenge, { scopes: [], offline: true, signal });
    this.#tokens.set("", Promise.resolve(token));
    return token.refreshToken;
  }

  /** Takes a challenge in; false when nothing would be different the next time. */
  #learn(challenge: Challenge, scopes: readonly string[]): boolean {
    const before = this.#challenge;
    this.#challenge = challenge;
    if (challenge.kind === "basic")
      return before?.kind !== "basic" && basicAuthorization(this.#credentials) !== undefined;
    if (this.#credentials.registryToken !== undefined) return false;
    this.#tokens.delete(scopes.join(" "));
    return true;
  }

  async #follow(request: RegistryRequest): Promise<HttpAnswer> {
    const { method, body, signal, scopes = [] } = request;
    let url = new URL(request.path, this.base);
    for (let hop = 0; hop <= maximumRedirects; hop += 1) {
      const own = url.origin === this.base.origin;
      const authorization = own ? await this.#authorization(scopes, signal) : undefined;
      const headers = { ...request.headers };
      if (authorization !== undefined) headers["Authorization"] = authorization;
      const answer = await this.transport.send({ method, url, headers, body, signal });
      const { location } = answer.headers;
      if (!redirects.has(answer.status) || location === undefined) return answer;
      discard(answer);
      if (method !== "GET" && method !== "HEAD")
        throw new DvmError("invalid", `cannot send to ${url.host}: it redirects to elsewhere`);
      url = redirectTarget(url, location);
    }
    throw new DvmError("invalid", `cannot read ${url.host}: over ${maximumRedirects} redirects`);
  }

  async #authorization(
    scopes: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    const { registryToken } = this.#credentials;
    if (registryToken !== undefined) return `Bearer ${registryToken}`;
    const challenge = this.#challenge;
    if (challenge === undefined) return undefined;
    if (challenge.kind === "basic") return basicAuthorization(this.#credentials);
    return `Bearer ${(await this.#token(challenge, scopes, signal)).token}`;
  }

  async #token(
    challenge: BearerChallenge,
    scopes: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<Token> {
    const key = scopes.join(" ");
    const known = await this.#tokens.get(key)?.catch(() => undefined);
    if (known !== undefined && known.expiresAt > performance.now()) return known;
    const fetching = this.#fetchToken(challenge, { scopes, offline: false, signal });
    this.#tokens.set(key, fetching);
    return fetching;
  }

  #fetchToken(
    challenge: BearerChallenge,
    options: { scopes: readonly string[]; offline: boolean; signal?: AbortSignal | undefined },
  ): Promise<Token> {
    const send = this.transport.send.bind(this.transport);
    return fetchToken(send, {
      challenge,
      credentials: this.#credentials,
      overPlainHttp: this.base.protocol === "http:",
      ...options,
      // a challenge without an operation, as of /v2/, names none
      scopes:
        options.scopes.length > 0 || challenge.scope === undefined
          ? options.scopes
          : [challenge.scope],
    });
  }
}

/** Never from TLS to plain HTTP. */
function redirectTarget(from: URL, location: string): URL {
  const target = URL.parse(location, from.href);
  const known = target?.protocol === "https:" || target?.protocol === "http:";
  if (target === null || !known || (from.protocol === "https:" && target.protocol === "http:")) {
    throw new DvmError(
      "invalid",
      `cannot read ${from.host}: it redirects to ${JSON.stringify(location.slice(0, 200))}`,
      { hint: "redirects must lead to https" },
    );
  }
  return target;
}

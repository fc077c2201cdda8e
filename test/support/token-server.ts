import { createSign, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { makeCertificate } from "./docker-registry.ts";

export interface TokenRequest {
  method: string;
  account: string | undefined;
  scopes: string[];
  grantType: string | undefined;
}

const service = "tests' registry";
const issuer = "tests' tokens";

/**
 * Hands out tokens by distribution's token specification: to `alice` all she asks for, to nobody
 * what is pulled from `public/…`. Her refresh token is `refresh-alice`.
 */
export class TokenServer implements AsyncDisposable {
  static readonly user = { username: "alice", password: "wonder:land" };
  readonly requests: TokenRequest[] = [];
  /** How long a token is good for. */
  lifeSeconds = 300;
  readonly #folder: string;
  readonly #server: Server;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(): Promise<TokenServer> {
    const folder = await mkdtemp(join(tmpdir(), "dvm-tokens-"));
    await makeCertificate(folder);
    const server = new TokenServer(folder);
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  /** What docker-registry must be told. */
  get setUp() {
    const address = this.#server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const realm = `http://127.0.0.1:${port}/token`;
    return { realm, service, issuer, certificate: join(this.#folder, "registry.crt") };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { searchParams } = new URL(request.url ?? "", "http://tokens");
    const form =
      request.method === "POST" ? new URLSearchParams(await text(request)) : searchParams;
    const account = accountOf(request, form);
    const scopes = form.getAll("scope").flatMap((scope) => scope.split(" "));
    const grantType = form.get("grant_type") ?? undefined;
    this.requests.push({ method: request.method ?? "", account, scopes, grantType });
    if (account === undefined) {
      response.writeHead(401).end(JSON.stringify({ details: "incorrect username or password" }));
      return;
    }
    const token = await this.#sign(account, scopes);
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end(
      JSON.stringify({
        token,
        expires_in: this.lifeSeconds,
        ...(form.has("offline_token") && account !== "" ? { refresh_token: "refresh-alice" } : {}),
      }),
    );
  }

  async #sign(account: string, scopes: string[]): Promise<string> {
    const certificate = await readFile(join(this.#folder, "registry.crt"), "utf8");
    const der = certificate.replace(/-----[^-]+-----|\s/g, "");
    const now = Math.floor(Date.now() / 1000);
    const header = { typ: "JWT", alg: "RS256", x5c: [der] };
    const claims = {
      ...{ iss: issuer, sub: account, aud: service, jti: randomUUID() },
      ...{ iat: now, nbf: now - 10, exp: now + this.lifeSeconds },
      access: scopes.flatMap((scope) => granted(account, scope)),
    };
    const signed = [header, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    const key = await readFile(join(this.#folder, "registry.key"), "utf8");
    return `${signed}.${createSign("RSA-SHA256").update(signed).sign(key, "base64url")}`;
  }
}

/** Empty for nobody; undefined for who shows a wrong password. */
function accountOf(request: IncomingMessage, form: URLSearchParams): string | undefined {
  const { username, password } = TokenServer.user;
  const refresh = form.get("refresh_token");
  if (refresh !== null) return refresh === "refresh-alice" ? username : undefined;
  const { authorization } = request.headers;
  if (authorization === undefined) return "";
  const expected = Buffer.from(`${username}:${password}`).toString("base64");
  return authorization === `Basic ${expected}` ? username : undefined;
}

function granted(account: string, scope: string) {
  const [type = "", name = "", actions = ""] = scope.split(":");
  if (type !== "repository") return [];
  if (account !== "") return [{ type, name, actions: actions.split(",") }];
  return name.startsWith("public/") ? [{ type, name, actions: ["pull"] }] : [];
}

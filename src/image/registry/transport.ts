import http from "node:http";
import https from "node:https";
import { createSecureContext, getCACertificates } from "node:tls";
import type { SecureContext } from "node:tls";
import { remember } from "../../base/remember.ts";
import { sendRequest, type HttpAnswer, type HttpRequest } from "./http-request.ts";
import { withGeneral, type GeneralRegistrySettings } from "./general-settings.ts";
import { proxyFor } from "./proxy-for.ts";
import { isLocalHost } from "./registry-host.ts";
import {
  readRegistrySettings,
  type ProxySettings,
  type RegistrySettings,
  type SettingsFolders,
} from "./registry-settings.ts";

export interface TransportOptions {
  folders: SettingsFolders;
  /** For proxies. */
  environment: Record<string, string | undefined>;
  /** What the daemon's own settings say; files of registries say more of each. */
  general?: () => GeneralRegistrySettings;
  /** For how long a registry may be silent. */
  idleMs?: number;
  /** Waited before the second try of what failed. */
  retryDelayMs?: number;
}

const defaultIdleMs = 60_000;
const defaultRetryDelayMs = 1000;
const defaultAttempts = 5;
/** Of one operation, to one host. */
const mostConnections = 8;

/**
 * HTTP with what this host's settings say of each host: certificates, proxies. Lives as long as one
 * operation, and its connections with it; settings are read once in that time.
 */
export class Transport implements Disposable {
  readonly #options: TransportOptions;
  readonly #agents = new Map<string, Promise<http.Agent>>();
  readonly #settings = new Map<string, ReturnType<typeof readRegistrySettings>>();

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  get retries(): { attempts: number; firstDelayMs: number } {
    const attempts = this.#options.general?.().maxDownloadAttempts ?? defaultAttempts;
    return { attempts, firstDelayMs: this.#options.retryDelayMs ?? defaultRetryDelayMs };
  }

  /** One request; redirects are the caller's to follow. */
  async send(request: Omit<HttpRequest, "agent" | "idleMs">): Promise<HttpAnswer> {
    const agent = await this.#agentFor(request.url);
    return sendRequest({ ...request, agent, idleMs: this.#options.idleMs ?? defaultIdleMs });
  }

  /** Of a registry as references name it. */
  async settings(host: string): Promise<{ registry: RegistrySettings; proxies: ProxySettings }> {
    const known = this.#settings.get(host) ?? this.#readSettings(host);
    this.#settings.set(host, known);
    return known;
  }

  [Symbol.dispose](): void {
    for (const making of this.#agents.values())
      making.then(
        (agent) => agent.destroy(),
        () => undefined,
      );
  }

  async #readSettings(host: string): ReturnType<typeof readRegistrySettings> {
    const read = await readRegistrySettings(this.#options.folders, host);
    const general = this.#options.general?.();
    return general === undefined ? read : withGeneral(read, host, general);
  }

  #agentFor(url: URL): Promise<http.Agent> {
    const making = this.#agents.get(url.origin) ?? this.#makeAgent(url);
    this.#agents.set(url.origin, making);
    return making;
  }

  async #makeAgent(url: URL): Promise<http.Agent> {
    const { registry, proxies } = await this.settings(url.host);
    const proxy = proxyFor(url, proxies, this.#options.environment);
    const common = {
      keepAlive: true,
      maxSockets: mostConnections,
      ...(proxy === undefined ? {} : { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } }),
    };
    if (url.protocol === "http:") return new http.Agent(common);
    return new https.Agent({
      ...common,
      secureContext: await secureContext(registry),
      rejectUnauthorized: !(registry.skipVerify || isLocalHost(url.host)),
    });
  }
}

/** What Node trusts, what the system trusts, and what this registry's settings trust. */
async function secureContext({ tls }: RegistrySettings): Promise<SecureContext> {
  if (Object.keys(tls).length === 0) return commonContext();
  const { ca = [], cert, key } = tls;
  return createSecureContext({
    ca: [...trustedCertificates(), ...ca],
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  });
}

const commonContext = remember(async () => createSecureContext({ ca: trustedCertificates() }));

function trustedCertificates(): string[] {
  return [...new Set([...getCACertificates("default"), ...getCACertificates("system")])];
}

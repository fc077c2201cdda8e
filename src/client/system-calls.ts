import { type Caller, type Filters, filtersText } from "./caller.ts";
import { asObject, asText, type JsonObject } from "./json.ts";

/** The daemon as a whole. */
export class SystemCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  async version(): Promise<JsonObject> {
    return this.#caller.object("/version");
  }

  async info(): Promise<JsonObject> {
    return this.#caller.object("/info");
  }

  /** What happens, as it happens; until a moment, or for ever. */
  events(options: {
    since?: string | undefined;
    until?: string | undefined;
    filters?: Filters;
  }): AsyncGenerator<JsonObject> {
    const { since, until, filters } = options;
    const query = { since, until, filters: filtersText(filters) };
    return this.#caller.lines({ method: "GET", path: "/events", query });
  }

  async diskUsage(): Promise<JsonObject> {
    return this.#caller.object("/system/df");
  }

  /** Checks a registry's credentials; the identity token is empty when the registry gives none. */
  async logIn(config: JsonObject): Promise<{ status: string; identityToken: string }> {
    const answer = asObject(await this.#caller.post("/auth", {}, config));
    return { status: asText(answer["Status"]), identityToken: asText(answer["IdentityToken"]) };
  }

  /** The smallest kernel that serves an image; may take as long as the trial. */
  async fitKernel(body: JsonObject): Promise<JsonObject> {
    return asObject(await this.#caller.post("/dvm/kernels/fit", {}, body));
  }
}

import { filtersText, type Caller, type Filters } from "./caller.ts";
import { asObject, type JsonObject } from "./json.ts";

/** `/networks`. */
export class NetworkCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  async create(body: JsonObject): Promise<JsonObject> {
    return asObject(await this.#caller.post("/networks/create", {}, body));
  }

  async list(filters: Filters): Promise<JsonObject[]> {
    return this.#caller.objects("/networks", { filters: filtersText(filters) });
  }

  async inspect(name: string, verbose: boolean): Promise<JsonObject> {
    return this.#caller.object(networkPath(name), { verbose });
  }

  async connect(name: string, body: JsonObject): Promise<void> {
    await this.#caller.post(`${networkPath(name)}/connect`, {}, body);
  }

  async disconnect(name: string, body: JsonObject): Promise<void> {
    await this.#caller.post(`${networkPath(name)}/disconnect`, {}, body);
  }

  async remove(name: string): Promise<void> {
    await this.#caller.delete(networkPath(name));
  }

  async prune(filters: Filters): Promise<JsonObject> {
    return this.#caller.prune("networks", filters);
  }
}

function networkPath(name: string): string {
  return `/networks/${encodeURIComponent(name)}`;
}

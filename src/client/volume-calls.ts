import { filtersText, type Caller, type Filters } from "./caller.ts";
import { asObject, asObjects, type JsonObject } from "./json.ts";

/** `/volumes`. */
export class VolumeCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  async create(body: JsonObject): Promise<JsonObject> {
    return asObject(await this.#caller.post("/volumes/create", {}, body));
  }

  async list(filters: Filters): Promise<JsonObject[]> {
    const answer = await this.#caller.object("/volumes", { filters: filtersText(filters) });
    return asObjects(answer["Volumes"]);
  }

  async inspect(name: string): Promise<JsonObject> {
    return this.#caller.object(volumePath(name));
  }

  async remove(name: string, force: boolean): Promise<void> {
    await this.#caller.delete(volumePath(name), { force });
  }

  async prune(filters: Filters): Promise<JsonObject> {
    return this.#caller.prune("volumes", filters);
  }
}

function volumePath(name: string): string {
  return `/volumes/${encodeURIComponent(name)}`;
}

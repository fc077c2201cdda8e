import type { Caller } from "./caller.ts";
import { asObject, asText, type JsonObject } from "./json.ts";

/** `/dvm/templates`: saved machines that others are cloned from. */
export class TemplateCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Its id. */
  async create(body: JsonObject): Promise<string> {
    return asText(asObject(await this.#caller.post("/dvm/templates", {}, body))["Id"]);
  }

  async list(): Promise<JsonObject[]> {
    return this.#caller.objects("/dvm/templates");
  }

  async inspect(id: string): Promise<JsonObject> {
    return this.#caller.object(templatePath(id));
  }

  async remove(id: string): Promise<void> {
    await this.#caller.delete(templatePath(id));
  }

  async prune(all: boolean): Promise<JsonObject> {
    return asObject(await this.#caller.post("/dvm/templates/prune", { all }));
  }
}

function templatePath(id: string): string {
  return `/dvm/templates/${encodeURIComponent(id)}`;
}

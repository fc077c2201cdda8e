import type { Caller } from "./caller.ts";
import { containerPath } from "./container-calls.ts";
import { requireText, type JsonObject } from "./json.ts";
import type { HijackedStream } from "./transport.ts";

/** `/exec`: commands in running containers. */
export class ExecCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** Its id. */
  async create(container: string, body: JsonObject): Promise<string> {
    const path = `${containerPath(container)}/exec`;
    return requireText(await this.#caller.post(path, {}, body), "Id");
  }

  async start(id: string, body: { Detach: false } & JsonObject): Promise<HijackedStream> {
    return this.#caller.hijack({ method: "POST", path: `/exec/${id}/start`, body });
  }

  async startDetached(id: string, body: JsonObject): Promise<void> {
    await this.#caller.post(`/exec/${id}/start`, {}, { ...body, Detach: true });
  }

  async inspect(id: string): Promise<JsonObject> {
    return this.#caller.object(`/exec/${id}/json`);
  }

  async resize(id: string, rows: number, columns: number): Promise<void> {
    await this.#caller.post(`/exec/${id}/resize`, { h: rows, w: columns });
  }
}

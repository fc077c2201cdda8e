import type { IncomingMessage } from "node:http";
import { jsonLines } from "./json-lines.ts";
import { asObject, asObjects, type JsonObject } from "./json.ts";
import {
  Transport,
  type Call,
  type HijackedStream,
  type Query,
  type TransportOptions,
} from "./transport.ts";

/** Docker's filters: name → accepted values. */
export type Filters = Record<string, string[]>;

/** The kinds of calls that the API is made of. The resources' calls share one. */
export class Caller implements Disposable {
  readonly #transport: Transport;

  constructor(options: TransportOptions) {
    this.#transport = new Transport(options);
  }

  async object(path: string, query: Query = {}): Promise<JsonObject> {
    return asObject(await this.#transport.json({ method: "GET", path, query }));
  }

  async objects(
    path: string,
    query: Query = {},
    headers: Record<string, string> = {},
  ): Promise<JsonObject[]> {
    return asObjects(await this.#transport.json({ method: "GET", path, query, headers }));
  }

  async post(path: string, query: Query = {}, body?: JsonObject): Promise<unknown> {
    return this.#transport.json({ method: "POST", path, query, body });
  }

  async delete(path: string, query: Query = {}): Promise<unknown> {
    return this.#transport.json({ method: "DELETE", path, query });
  }

  /** Removes what nobody uses of `what`, such as `volumes`. */
  async prune(what: string, filters: Filters): Promise<JsonObject> {
    return asObject(await this.post(`/${what}/prune`, { filters: filtersText(filters) }));
  }

  /** The answer, its body still to be read. */
  open(call: Call): Promise<IncomingMessage> {
    return this.#transport.open(call);
  }

  /** Takes the connection over. */
  hijack(call: Call): Promise<HijackedStream> {
    return this.#transport.hijack(call);
  }

  /** Yields the objects that the daemon answers with, a line each, as they come. */
  async *lines(call: Call): AsyncGenerator<JsonObject> {
    for await (const line of jsonLines(await this.open(call))) yield asObject(line);
  }

  /** The same of a call with a stream, which can't be repeated: the daemon is seen to run first. */
  async *linesOfUpload(call: Call): AsyncGenerator<JsonObject> {
    (await this.open({ method: "GET", path: "/_ping" })).resume();
    yield* this.lines(call);
  }

  [Symbol.dispose](): void {
    this.#transport[Symbol.dispose]();
  }
}

export function filtersText(filters: Filters = {}): string | undefined {
  return Object.keys(filters).length === 0 ? undefined : JSON.stringify(filters);
}

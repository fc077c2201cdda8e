import type { Readable } from "node:stream";
import { filtersText, type Caller, type Filters } from "./caller.ts";
import { jsonLines } from "./json-lines.ts";
import {
  asObject,
  asStrings,
  asText,
  parseJson,
  requireInteger,
  requireText,
  type JsonObject,
} from "./json.ts";
import type { HijackedStream, Query } from "./transport.ts";

export interface AttachOptions {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
  /** Send what was logged so far first. */
  logs?: boolean;
  detachKeys?: string | undefined;
}

export interface LogOptions {
  stdout: boolean;
  stderr: boolean;
  follow?: boolean;
  timestamps?: boolean;
  tail?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
  details?: boolean;
}

export interface StopOptions {
  signal?: string | undefined;
  timeoutSeconds?: number | undefined;
}

export interface CommitOptions {
  repository: string;
  tag: string;
  author: string;
  comment: string;
  pause: boolean;
  changes: string[];
}

/** A wait that the daemon has taken note of, so that no exit is missed from here on. */
export interface ExitWait {
  exit: Promise<ContainerExit>;
}

export interface ContainerExit {
  code: number;
  /** Why it ended, when that was not its process's doing. */
  error: string;
}

/** `/containers`, all but their files. */
export class ContainerCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  async create(
    body: JsonObject,
    { name, platform }: { name?: string | undefined; platform?: string | undefined } = {},
  ): Promise<{ id: string; warnings: string[] }> {
    const answer = await this.#caller.post("/containers/create", { name, platform }, body);
    return { id: requireText(answer, "Id"), warnings: asStrings(asObject(answer)["Warnings"]) };
  }

  async list(options: {
    all?: boolean;
    limit?: number | undefined;
    size?: boolean;
    filters?: Filters;
  }): Promise<JsonObject[]> {
    const { all, limit, size, filters } = options;
    const query = { all, limit, size, filters: filtersText(filters) };
    return this.#caller.objects("/containers/json", query);
  }

  async inspect(name: string, options: { size?: boolean } = {}): Promise<JsonObject> {
    return this.#caller.object(`${containerPath(name)}/json`, { size: options.size });
  }

  /** How the start went, from a daemon that tells. */
  async start(name: string, detachKeys?: string): Promise<JsonObject | undefined> {
    const path = `${containerPath(name)}/start`;
    const response = await this.#caller.open({ method: "POST", path, query: { detachKeys } });
    response.resume();
    const report = response.headers["dvm-start"];
    return typeof report === "string" ? asObject(parseJson(report)) : undefined;
  }

  async stop(name: string, options: StopOptions = {}): Promise<void> {
    await this.#caller.post(`${containerPath(name)}/stop`, stopQuery(options));
  }

  async restart(name: string, options: StopOptions = {}): Promise<void> {
    await this.#caller.post(`${containerPath(name)}/restart`, stopQuery(options));
  }

  async kill(name: string, signal: string): Promise<void> {
    await this.#caller.post(`${containerPath(name)}/kill`, { signal });
  }

  async pause(name: string): Promise<void> {
    await this.#caller.post(`${containerPath(name)}/pause`);
  }

  async unpause(name: string): Promise<void> {
    await this.#caller.post(`${containerPath(name)}/unpause`);
  }

  /** Other limits, or another restart policy; what is to be said of them. */
  async update(name: string, fields: JsonObject): Promise<string[]> {
    const answer = await this.#caller.post(`${containerPath(name)}/update`, {}, fields);
    return asStrings(asObject(answer)["Warnings"]);
  }

  async rename(name: string, newName: string): Promise<void> {
    await this.#caller.post(`${containerPath(name)}/rename`, { name: newName });
  }

  async resize(name: string, rows: number, columns: number): Promise<void> {
    await this.#caller.post(`${containerPath(name)}/resize`, { h: rows, w: columns });
  }

  async remove(name: string, options: { force?: boolean; volumes?: boolean }): Promise<void> {
    const { force, volumes } = options;
    await this.#caller.delete(containerPath(name), { force, v: volumes });
  }

  /** Returns once the daemon waits: it sends its answer's head then, and the body at the exit. */
  async wait(name: string, condition?: "not-running" | "next-exit" | "removed"): Promise<ExitWait> {
    const path = `${containerPath(name)}/wait`;
    const response = await this.#caller.open({ method: "POST", path, query: { condition } });
    const exit = lastLine(response).then((answer) => ({
      code: requireInteger(answer, "StatusCode"),
      error: asText(asObject(asObject(answer)["Error"])["Message"]),
    }));
    exit.catch(() => undefined); // whoever awaits it sees the error
    return { exit };
  }

  async attach(name: string, options: AttachOptions): Promise<HijackedStream> {
    const path = `${containerPath(name)}/attach`;
    return this.#caller.hijack({ method: "POST", path, query: { stream: true, ...options } });
  }

  async logs(name: string, options: LogOptions): Promise<Readable> {
    const path = `${containerPath(name)}/logs`;
    return this.#caller.open({ method: "GET", path, query: { ...options } });
  }

  /** `psOptions`: as for ps; empty for its default. */
  async top(name: string, psOptions = ""): Promise<JsonObject> {
    const query = psOptions === "" ? {} : { ps_args: psOptions };
    return this.#caller.object(`${containerPath(name)}/top`, query);
  }

  async statistics(name: string): Promise<JsonObject> {
    return this.#caller.object(`${containerPath(name)}/stats`, { stream: "false" });
  }

  /** The id of the image that was made. */
  async commit(name: string, options: CommitOptions): Promise<string> {
    const { repository: repo, pause, ...rest } = options;
    const query = { container: name, repo, pause: pause ? "1" : "0", ...rest };
    return requireText(await this.#caller.post("/commit", query), "Id");
  }

  async prune(filters: Filters): Promise<JsonObject> {
    return this.#caller.prune("containers", filters);
  }
}

export function containerPath(name: string): string {
  return `/containers/${encodeURIComponent(name)}`;
}

function stopQuery({ signal, timeoutSeconds }: StopOptions): Query {
  return { signal, t: timeoutSeconds };
}

async function lastLine(response: Readable): Promise<unknown> {
  let last: unknown;
  for await (const line of jsonLines(response)) last = line;
  return last;
}

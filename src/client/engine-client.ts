import type { Readable } from "node:stream";
import { Transport, type HijackedStream, type Query, type TransportOptions } from "./transport.ts";
import { jsonLines } from "./json-lines.ts";
import { parsePathStat, type PathStat } from "./path-stat.ts";
import {
  asObject,
  asObjects,
  asStrings,
  asText,
  parseJson,
  requireInteger,
  requireText,
  type JsonObject,
} from "./json.ts";

const pathStatHeader = "x-docker-container-path-stat";

/** Docker's filters: name → accepted values. */
export type Filters = Record<string, string[]>;

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

/** A wait that the daemon has taken note of, so that no exit is missed from here on. */
export interface ExitWait {
  exit: Promise<ContainerExit>;
}

export interface ContainerExit {
  code: number;
  /** Why it ended, when that was not its process's doing. */
  error: string;
}

/**
 * The Docker Engine API, one method per route that DVM's CLI uses. Objects come back as the daemon
 * wrote them. Every method throws DvmError with the code that the HTTP status stands for.
 */
export class EngineClient implements Disposable {
  readonly #transport: Transport;

  constructor(options: TransportOptions) {
    this.#transport = new Transport(options);
  }

  [Symbol.dispose](): void {
    this.#transport[Symbol.dispose]();
  }

  async ping(): Promise<void> {
    (await this.#transport.open({ method: "GET", path: "/_ping" })).resume();
  }

  async version(): Promise<JsonObject> {
    return this.#object("/version");
  }

  async info(): Promise<JsonObject> {
    return this.#object("/info");
  }

  async diskUsage(): Promise<JsonObject> {
    return this.#object("/system/df");
  }

  // Containers

  async createContainer(
    body: JsonObject,
    { name, platform }: { name?: string | undefined; platform?: string | undefined } = {},
  ): Promise<{ id: string; warnings: string[] }> {
    const answer = await this.#post("/containers/create", { name, platform }, body);
    return { id: requireText(answer, "Id"), warnings: asStrings(asObject(answer)["Warnings"]) };
  }

  async listContainers(options: {
    all?: boolean;
    limit?: number | undefined;
    size?: boolean;
    filters?: Filters;
  }): Promise<JsonObject[]> {
    const { all, limit, size, filters } = options;
    return this.#objects("/containers/json", {
      all,
      limit,
      size,
      filters: filtersText(filters),
    });
  }

  async inspectContainer(name: string, options: { size?: boolean } = {}): Promise<JsonObject> {
    return this.#object(`${container(name)}/json`, { size: options.size });
  }

  /** How the start went, from a daemon that tells. */
  async startContainer(name: string, detachKeys?: string): Promise<JsonObject | undefined> {
    const path = `${container(name)}/start`;
    const response = await this.#transport.open({ method: "POST", path, query: { detachKeys } });
    response.resume();
    const report = response.headers["dvm-start"];
    return typeof report === "string" ? asObject(parseJson(report)) : undefined;
  }

  async stopContainer(name: string, options: StopOptions = {}): Promise<void> {
    await this.#post(`${container(name)}/stop`, stopQuery(options));
  }

  async restartContainer(name: string, options: StopOptions = {}): Promise<void> {
    await this.#post(`${container(name)}/restart`, stopQuery(options));
  }

  async killContainer(name: string, signal: string): Promise<void> {
    await this.#post(`${container(name)}/kill`, { signal });
  }

  async pauseContainer(name: string): Promise<void> {
    await this.#post(`${container(name)}/pause`);
  }

  async unpauseContainer(name: string): Promise<void> {
    await this.#post(`${container(name)}/unpause`);
  }

  async renameContainer(name: string, newName: string): Promise<void> {
    await this.#post(`${container(name)}/rename`, { name: newName });
  }

  async resizeContainer(name: string, rows: number, columns: number): Promise<void> {
    await this.#post(`${container(name)}/resize`, { h: rows, w: columns });
  }

  async removeContainer(
    name: string,
    options: { force?: boolean; volumes?: boolean },
  ): Promise<void> {
    const { force, volumes } = options;
    await this.#transport.json({
      method: "DELETE",
      path: container(name),
      query: { force, v: volumes },
    });
  }

  /** Returns once the daemon waits: it sends its answer's head then, and the body at the exit. */
  async waitForContainer(
    name: string,
    condition?: "not-running" | "next-exit" | "removed",
  ): Promise<ExitWait> {
    const response = await this.#transport.open({
      method: "POST",
      path: `${container(name)}/wait`,
      query: { condition },
    });
    const exit = this.#lastLine(response).then((answer) => ({
      code: requireInteger(answer, "StatusCode"),
      error: asText(asObject(asObject(answer)["Error"])["Message"]),
    }));
    exit.catch(() => undefined); // whoever awaits it sees the error
    return { exit };
  }

  async attachContainer(name: string, options: AttachOptions): Promise<HijackedStream> {
    return this.#transport.hijack({
      method: "POST",
      path: `${container(name)}/attach`,
      query: { stream: true, ...options },
    });
  }

  async containerLogs(name: string, options: LogOptions): Promise<Readable> {
    return this.#transport.open({
      method: "GET",
      path: `${container(name)}/logs`,
      query: { ...options },
    });
  }

  async topContainer(name: string): Promise<JsonObject> {
    return this.#object(`${container(name)}/top`);
  }

  async containerStatistics(name: string): Promise<JsonObject> {
    return this.#object(`${container(name)}/stats`, { stream: "false" });
  }

  async pruneContainers(filters: Filters): Promise<JsonObject> {
    return this.#prune("containers", filters);
  }

  // Files of containers

  async statArchive(name: string, path: string): Promise<PathStat> {
    const call = { method: "HEAD" as const, path: `${container(name)}/archive`, query: { path } };
    const response = await this.#transport.open(call);
    response.resume();
    return parsePathStat(response.headers[pathStatHeader]);
  }

  /** A tar whose first entry is called as `stat` says. */
  async readArchive(name: string, path: string): Promise<{ stat: PathStat; tar: Readable }> {
    const call = { method: "GET" as const, path: `${container(name)}/archive`, query: { path } };
    const tar = await this.#transport.open(call);
    return { stat: parsePathStat(tar.headers[pathStatHeader]), tar };
  }

  /** Unpacks a tar into a folder of the container. */
  async writeArchive(
    name: string,
    path: string,
    tar: Readable,
    options: { asUser: boolean },
  ): Promise<void> {
    const response = await this.#transport.open({
      method: "PUT",
      path: `${container(name)}/archive`,
      query: { path, noOverwriteDirNonDir: true, copyUIDGID: options.asUser },
      stream: tar,
    });
    response.resume();
  }

  async containerChanges(name: string): Promise<JsonObject[]> {
    return this.#objects(`${container(name)}/changes`, {});
  }

  async exportContainer(name: string): Promise<Readable> {
    return this.#transport.open({ method: "GET", path: `${container(name)}/export` });
  }

  /** The id of the image that was made. */
  async commitContainer(
    name: string,
    options: {
      repository: string;
      tag: string;
      author: string;
      comment: string;
      pause: boolean;
      changes: string[];
    },
  ): Promise<string> {
    const { repository: repo, pause, ...rest } = options;
    const query = { container: name, repo, pause: pause ? "1" : "0", ...rest };
    return requireText(await this.#post("/commit", query), "Id");
  }

  // Commands in running containers

  async createExec(name: string, body: JsonObject): Promise<string> {
    return requireText(await this.#post(`${container(name)}/exec`, {}, body), "Id");
  }

  async startExec(id: string, body: { Detach: false } & JsonObject): Promise<HijackedStream> {
    return this.#transport.hijack({ method: "POST", path: `/exec/${id}/start`, body });
  }

  async startExecDetached(id: string, body: JsonObject): Promise<void> {
    await this.#post(`/exec/${id}/start`, {}, { ...body, Detach: true });
  }

  async inspectExec(id: string): Promise<JsonObject> {
    return this.#object(`/exec/${id}/json`);
  }

  async resizeExec(id: string, rows: number, columns: number): Promise<void> {
    await this.#post(`/exec/${id}/resize`, { h: rows, w: columns });
  }

  // Images

  async listImages(options: {
    all?: boolean;
    digests?: boolean;
    filters?: Filters;
  }): Promise<JsonObject[]> {
    const { all, digests, filters } = options;
    return this.#objects("/images/json", { all, digests, filters: filtersText(filters) });
  }

  async inspectImage(name: string): Promise<JsonObject> {
    return this.#object(`${image(name)}/json`);
  }

  async removeImage(
    name: string,
    options: { force?: boolean; noPrune?: boolean },
  ): Promise<JsonObject[]> {
    const { force, noPrune } = options;
    const query = { force, noprune: noPrune };
    return asObjects(await this.#transport.json({ method: "DELETE", path: image(name), query }));
  }

  async imageHistory(name: string): Promise<JsonObject[]> {
    return this.#objects(`${image(name)}/history`, {});
  }

  async pruneImages(filters: Filters): Promise<JsonObject> {
    return this.#prune("images", filters);
  }

  /** Yields what was found of each image, as it is looked through; of all when none is named. */
  async *verifyImages(names: string[]): AsyncGenerator<JsonObject> {
    const response = await this.#transport.open({
      method: "POST",
      path: "/dvm/images/verify",
      query: { name: names },
    });
    yield* objects(response);
  }

  async tagImage(name: string, repository: string, tag: string): Promise<void> {
    await this.#post(`${image(name)}/tag`, { repo: repository, tag });
  }

  /** Sends an archive; yields the daemon's progress objects. */
  async *loadImages(archive: Readable, quiet: boolean): AsyncGenerator<JsonObject> {
    await this.ping();
    const response = await this.#transport.open({
      method: "POST",
      path: "/images/load",
      query: { quiet },
      stream: archive,
    });
    yield* objects(response);
  }

  /** An archive of these images. */
  async saveImages(names: string[]): Promise<Readable> {
    return this.#transport.open({ method: "GET", path: "/images/get", query: { names } });
  }

  /** Makes an image from the tar of a root file system; yields the daemon's progress objects. */
  async *importImage(
    tar: Readable,
    options: { repository: string; tag: string; message: string; changes: string[] },
  ): AsyncGenerator<JsonObject> {
    const { repository, tag, message, changes } = options;
    await this.ping();
    const response = await this.#transport.open({
      method: "POST",
      path: "/images/create",
      query: { fromSrc: "-", repo: repository, tag, message, changes },
      stream: tar,
    });
    yield* objects(response);
  }

  // Registries; `auth` is what goes into X-Registry-Auth

  /** Yields the daemon's progress objects. Without a tag, all tags are pulled. */
  async *pullImage(options: {
    image: string;
    tag: string;
    platform: string | undefined;
    auth: string;
  }): AsyncGenerator<JsonObject> {
    const { image: fromImage, tag, platform, auth } = options;
    const query = { fromImage, tag, platform };
    yield* this.#progress({ path: "/images/create", query, auth });
  }

  /** Yields the daemon's progress objects. Without a tag, all tags are pushed. */
  async *pushImage(options: {
    image: string;
    tag: string;
    auth: string;
  }): AsyncGenerator<JsonObject> {
    const { tag, auth } = options;
    yield* this.#progress({ path: `${image(options.image)}/push`, query: { tag }, auth });
  }

  async searchImages(options: {
    term: string;
    limit: number | undefined;
    filters: Filters;
    auth: string;
  }): Promise<JsonObject[]> {
    const { term, limit, filters, auth } = options;
    const answer = await this.#transport.json({
      method: "GET",
      path: "/images/search",
      query: { term, limit, filters: filtersText(filters) },
      headers: { "X-Registry-Auth": auth },
    });
    return asObjects(answer);
  }

  /** Checks credentials; the identity token is empty when the registry gives none. */
  async logIn(config: JsonObject): Promise<{ status: string; identityToken: string }> {
    const answer = asObject(await this.#post("/auth", {}, config));
    return { status: asText(answer["Status"]), identityToken: asText(answer["IdentityToken"]) };
  }

  // Volumes

  async createVolume(body: JsonObject): Promise<JsonObject> {
    return asObject(await this.#post("/volumes/create", {}, body));
  }

  async listVolumes(filters: Filters): Promise<JsonObject[]> {
    const answer = await this.#object("/volumes", { filters: filtersText(filters) });
    return asObjects(answer["Volumes"]);
  }

  async inspectVolume(name: string): Promise<JsonObject> {
    return this.#object(volume(name));
  }

  async removeVolume(name: string, force: boolean): Promise<void> {
    await this.#transport.json({ method: "DELETE", path: volume(name), query: { force } });
  }

  async pruneVolumes(filters: Filters): Promise<JsonObject> {
    return this.#prune("volumes", filters);
  }

  async listTemplates(): Promise<JsonObject[]> {
    return this.#objects("/dvm/templates", {});
  }

  async inspectTemplate(id: string): Promise<JsonObject> {
    return this.#object(template(id));
  }

  /** Its id. */
  async createTemplate(body: JsonObject): Promise<string> {
    return asText(asObject(await this.#post("/dvm/templates", {}, body))["Id"]);
  }

  async removeTemplate(id: string): Promise<void> {
    await this.#transport.json({ method: "DELETE", path: template(id) });
  }

  async pruneTemplates(all: boolean): Promise<JsonObject> {
    return asObject(await this.#post("/dvm/templates/prune", { all }));
  }

  /** The smallest kernel that serves an image; may take as long as the trial. */
  async fitKernel(body: JsonObject): Promise<JsonObject> {
    return asObject(await this.#post("/dvm/kernels/fit", {}, body));
  }

  async #prune(what: string, filters: Filters): Promise<JsonObject> {
    return asObject(await this.#post(`/${what}/prune`, { filters: filtersText(filters) }));
  }

  async #object(path: string, query: Query = {}): Promise<JsonObject> {
    return asObject(await this.#transport.json({ method: "GET", path, query }));
  }

  async #objects(path: string, query: Query): Promise<JsonObject[]> {
    return asObjects(await this.#transport.json({ method: "GET", path, query }));
  }

  async #post(path: string, query: Query = {}, body?: JsonObject): Promise<unknown> {
    return this.#transport.json({ method: "POST", path, query, body });
  }

  async *#progress(call: { path: string; query: Query; auth: string }): AsyncGenerator<JsonObject> {
    const response = await this.#transport.open({
      method: "POST",
      path: call.path,
      query: call.query,
      headers: { "X-Registry-Auth": call.auth },
    });
    yield* objects(response);
  }

  async #lastLine(response: Readable): Promise<unknown> {
    let last: unknown;
    for await (const line of jsonLines(response)) last = line;
    return last;
  }
}

/** Each line is an object. */
async function* objects(response: Readable): AsyncGenerator<JsonObject> {
  for await (const line of jsonLines(response)) yield asObject(line);
}

function container(name: string): string {
  return `/containers/${encodeURIComponent(name)}`;
}

/** Image names keep their slashes; the rest is escaped. */
function image(name: string): string {
  return `/images/${name.split("/").map(encodeURIComponent).join("/")}`;
}

function template(id: string): string {
  return `/dvm/templates/${encodeURIComponent(id)}`;
}

function volume(name: string): string {
  return `/volumes/${encodeURIComponent(name)}`;
}

function stopQuery({ signal, timeoutSeconds }: StopOptions): Query {
  return { signal, t: timeoutSeconds };
}

function filtersText(filters: Filters = {}): string | undefined {
  return Object.keys(filters).length === 0 ? undefined : JSON.stringify(filters);
}

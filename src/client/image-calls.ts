import type { Readable } from "node:stream";
import { filtersText, type Caller, type Filters } from "./caller.ts";
import { asObjects, type JsonObject } from "./json.ts";
import type { Query } from "./transport.ts";

/** What goes into X-Registry-Auth. */
interface WithAuth {
  auth: string;
}

/** `/images`, here and at registries. Generators yield the daemon's progress objects. */
export class ImageCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  async list(options: {
    all?: boolean;
    digests?: boolean;
    filters?: Filters;
  }): Promise<JsonObject[]> {
    const { all, digests, filters } = options;
    const query = { all, digests, filters: filtersText(filters) };
    return this.#caller.objects("/images/json", query);
  }

  async inspect(name: string): Promise<JsonObject> {
    return this.#caller.object(`${imagePath(name)}/json`);
  }

  async remove(
    name: string,
    options: { force?: boolean; noPrune?: boolean },
  ): Promise<JsonObject[]> {
    const { force, noPrune } = options;
    return asObjects(await this.#caller.delete(imagePath(name), { force, noprune: noPrune }));
  }

  async history(name: string): Promise<JsonObject[]> {
    return this.#caller.objects(`${imagePath(name)}/history`);
  }

  async tag(name: string, repository: string, tag: string): Promise<void> {
    await this.#caller.post(`${imagePath(name)}/tag`, { repo: repository, tag });
  }

  async prune(filters: Filters): Promise<JsonObject> {
    return this.#caller.prune("images", filters);
  }

  /** Yields what was found of each image, as it is looked through; of all when none is named. */
  verify(names: string[]): AsyncGenerator<JsonObject> {
    return this.#caller.lines({
      method: "POST",
      path: "/dvm/images/verify",
      query: { name: names },
    });
  }

  /** Takes in an archive of images. */
  load(archive: Readable, quiet: boolean): AsyncGenerator<JsonObject> {
    return this.#caller.linesOfUpload({
      method: "POST",
      path: "/images/load",
      query: { quiet },
      stream: archive,
    });
  }

  /** An archive of these images. */
  async save(names: string[]): Promise<Readable> {
    return this.#caller.open({ method: "GET", path: "/images/get", query: { names } });
  }

  /** Makes an image from the tar of a root file system. */
  import(
    tar: Readable,
    options: { repository: string; tag: string; message: string; changes: string[] },
  ): AsyncGenerator<JsonObject> {
    const { repository, tag, message, changes } = options;
    return this.#caller.linesOfUpload({
      method: "POST",
      path: "/images/create",
      query: { fromSrc: "-", repo: repository, tag, message, changes },
      stream: tar,
    });
  }

  /** Without a tag, all tags are pulled. */
  pull(
    options: { image: string; tag: string; platform: string | undefined } & WithAuth,
  ): AsyncGenerator<JsonObject> {
    const { image: fromImage, tag, platform, auth } = options;
    return this.#transfer({ path: "/images/create", query: { fromImage, tag, platform }, auth });
  }

  /** Without a tag, all tags are pushed. */
  push(options: { image: string; tag: string } & WithAuth): AsyncGenerator<JsonObject> {
    const { image, tag, auth } = options;
    return this.#transfer({ path: `${imagePath(image)}/push`, query: { tag }, auth });
  }

  async search(
    options: { term: string; limit: number | undefined; filters: Filters } & WithAuth,
  ): Promise<JsonObject[]> {
    const { term, limit, filters, auth } = options;
    const query = { term, limit, filters: filtersText(filters) };
    return this.#caller.objects("/images/search", query, authHeader(auth));
  }

  #transfer(call: { path: string; query: Query } & WithAuth): AsyncGenerator<JsonObject> {
    const { path, query, auth } = call;
    return this.#caller.lines({ method: "POST", path, query, headers: authHeader(auth) });
  }
}

/** Image names keep their slashes; the rest is escaped. */
function imagePath(name: string): string {
  return `/images/${name.split("/").map(encodeURIComponent).join("/")}`;
}

function authHeader(auth: string): Record<string, string> {
  return { "X-Registry-Auth": auth };
}

import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import type { Caller } from "./caller.ts";
import { containerPath } from "./container-calls.ts";
import type { JsonObject } from "./json.ts";
import type { PathStat } from "./path-stat.ts";

const pathStatHeader = "x-docker-container-path-stat";

/** Files of containers, whether these run or not. */
export class FileCalls {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  async stat(container: string, path: string): Promise<PathStat> {
    const call = { path: archivePath(container), query: { path } };
    const response = await this.#caller.open({ method: "HEAD", ...call });
    response.resume();
    return readStat(response);
  }

  /** A tar whose first entry is called as `stat` says. */
  async read(container: string, path: string): Promise<{ stat: PathStat; tar: Readable }> {
    const call = { path: archivePath(container), query: { path } };
    const tar = await this.#caller.open({ method: "GET", ...call });
    return { stat: await readStat(tar), tar };
  }

  /** Unpacks a tar into a folder of the container. */
  async write(
    container: string,
    path: string,
    tar: Readable,
    options: { asUser: boolean },
  ): Promise<void> {
    const response = await this.#caller.open({
      method: "PUT",
      path: archivePath(container),
      query: { path, noOverwriteDirNonDir: true, copyUIDGID: options.asUser },
      stream: tar,
    });
    response.resume();
  }

  async changes(container: string): Promise<JsonObject[]> {
    return this.#caller.objects(`${containerPath(container)}/changes`);
  }

  /** A tar of the whole root file system. */
  async export(container: string): Promise<Readable> {
    return this.#caller.open({ method: "GET", path: `${containerPath(container)}/export` });
  }
}

function archivePath(container: string): string {
  return `${containerPath(container)}/archive`;
}

async function readStat({ headers }: IncomingMessage): Promise<PathStat> {
  // imported by need: each file that all commands load is half a millisecond of every one
  const { parsePathStat } = await import("./path-stat.ts");
  return parsePathStat(headers[pathStatHeader]);
}

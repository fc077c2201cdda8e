import { shortId } from "../../src/base/ids.ts";
import type { FileServer, FileServers, SharedPath } from "../../src/sharing/shared-path.ts";

/** File servers of fake machines: they keep what they are to serve, and serve nobody. */
export class ServedFiles implements FileServers {
  readonly #servers = new Map<string, Map<string, SharedPath>>();

  open({ folder }: { folder: string }): Promise<FileServer> {
    const shares = this.#servers.get(folder) ?? new Map<string, SharedPath>();
    this.#servers.set(folder, shares);
    return Promise.resolve({
      add: async (more) => {
        for (const share of more) shares.set(share.name, share);
      },
      remove: async (prefix) => {
        for (const name of [...shares.keys()]) if (name.startsWith(prefix)) shares.delete(name);
      },
      gone: Promise.resolve(),
    });
  }

  async find(place: { folder: string }): Promise<FileServer | undefined> {
    return this.#servers.has(place.folder) ? this.open(place) : undefined;
  }

  /** Those of one container. */
  shares(containerId: string): SharedPath[] {
    return [...this.#servers.values()]
      .flatMap((shares) => [...shares.values()])
      .filter(({ name }) => name.startsWith(`${shortId(containerId)}-`));
  }
}

import type { ContainerNames } from "../../src/network/names/container-names.ts";
import type { Names } from "../../src/network/names/names.ts";

/** Names that nobody asks for: a test looks at them. */
export class KnownNames implements Names {
  readonly known = new Map<string, ContainerNames>();

  socketOf(container: string): string {
    return `/no/names/${container}.sock`;
  }

  async set(names: ContainerNames): Promise<void> {
    this.known.set(names.container, names);
  }

  async remove(container: string): Promise<void> {
    this.known.delete(container);
  }

  async refused(): Promise<[]> {
    return [];
  }

  async end(): Promise<void> {}
}

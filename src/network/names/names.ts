import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "../../host/write-atomically.ts";
import type { ContainerNames } from "./container-names.ts";

/** Names of running containers for each other, and their way to those of the outside. */
export interface Names {
  /** The host's socket that a container's relay is led to, once it is {@link set}. */
  socketOf(container: string): string;
  /** Lets a container be found, and ask; what was known of it before is forgotten. */
  set(names: ContainerNames): Promise<void>;
  /** Forgets a container. Idempotent. */
  remove(container: string): Promise<void>;
}

/** Names that are kept in a run root, for as long as it lives. */
export function namesIn(runRoot: string): Names {
  const folder = join(runRoot, "names");
  const fileOf = (container: string) => join(folder, `${container}.json`);
  return {
    socketOf: (container) => join(folder, `${container.slice(0, 12)}.sock`),
    async set(names) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeAtomically(fileOf(names.container), JSON.stringify(names));
    },
    async remove(container) {
      await rm(fileOf(container), { force: true });
    },
  };
}

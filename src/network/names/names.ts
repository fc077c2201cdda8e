import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ControlledCompanion } from "../../host/controlled-companion.ts";
import { writeAtomically } from "../../host/write-atomically.ts";
import type { Refusal } from "../egress/refusals.ts";
import type { ContainerNames } from "./container-names.ts";

/** Names of running containers for each other, and their way to those of the outside. */
export interface Names {
  /** The host's socket that a container's relay is led to, once it is {@link set}. */
  socketOf(container: string): string;
  /** Lets a container be found, and ask; what was known of it before is forgotten. */
  set(names: ContainerNames): Promise<void>;
  /** Forgets a container. Idempotent. */
  remove(container: string): Promise<void>;
  /** Names that its rules kept a container from, and how often it asked. */
  refused(container: string): Promise<Refusal[]>;
  /** Ends what answers; all that is known stays, for the next one. */
  end(): Promise<void>;
}

const program = fileURLToPath(new URL("names-process.ts", import.meta.url));
/** What it keeps is little: its heap shall not grow first and be cleaned later. */
const smallHeap = ["--max-semi-space-size=1", "--max-old-space-size=64", "--single-threaded-gc"];

/** After it was killed. */
const returnMs = 500;

/** Names that are kept in a run root, and told by a process that outlives daemons. */
export function namesIn({ runRoot, dataRoot }: { runRoot: string; dataRoot: string }): Names {
  const folder = join(runRoot, "names");
  const switchSocket = join(runRoot, "switch", "switch.sock");
  const fileOf = (container: string) => join(folder, `${container}.json`);
  let isWanted = false;
  const companion: ControlledCompanion = new ControlledCompanion({
    ...{ who: "the resolver of names", folder, name: "resolver" },
    command: async (control) => [
      process.execPath,
      ...smallHeap,
      program,
      folder,
      control,
      switchSocket,
    ],
    environment: async () => ({ NODE_COMPILE_CACHE: join(dataRoot, "compiled") }),
    gone() {
      const again = () => (isWanted ? companion.started() : undefined);
      // who is asked next finds it, or is told why there is none
      if (isWanted) setTimeout(() => void again()?.catch(() => {}), returnMs).unref();
    },
  });
  return {
    socketOf: (container) => join(folder, `${container.slice(0, 12)}.sock`),
    async set(names) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeAtomically(fileOf(names.container), JSON.stringify(names));
      isWanted = true;
      await companion.say([`set ${names.container}`]);
    },
    async remove(container) {
      await rm(fileOf(container), { force: true });
      if ((await companion.existing()) !== undefined) await companion.say([`remove ${container}`]);
    },
    async refused(container) {
      if ((await companion.existing()) === undefined) return [];
      const [answer = "[]"] = await companion.say([`refused ${container}`]);
      return JSON.parse(answer) as Refusal[];
    },
    async end() {
      isWanted = false;
      await companion.end();
    },
  };
}

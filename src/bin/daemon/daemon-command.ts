import { join } from "node:path";

/**
 * Keeps garbage young and the heap small: half the memory while an image is loaded, at no cost that
 * could be measured. What needs much memory runs in threads with limits of their own.
 */
const memoryFlags = ["--max-semi-space-size=1", "--max-old-space-size=96"];

/**
 * What goes into the daemon's environment: one heap of malloc's for all threads is a smaller one, and
 * large buffers that were collected go back to the system instead of staying in it.
 */
export const daemonEnvironment = { MALLOC_ARENA_MAX: "1", MALLOC_MMAP_THRESHOLD_: "65536" };

/** Program and arguments that start a daemon with its roots there; `words` are flags of its own. */
export function daemonCommand(
  roots: { dataRoot?: string | undefined; runRoot?: string | undefined },
  words: readonly string[] = [],
): [string, ...string[]] {
  const { dataRoot, runRoot } = roots;
  return [
    process.execPath,
    ...memoryFlags,
    join(import.meta.dirname, "../dvmd.ts"),
    ...(dataRoot === undefined ? [] : [`--at-data-root=${dataRoot}`]),
    ...(runRoot === undefined ? [] : [`--at-run-root=${runRoot}`]),
    ...words,
  ];
}

import { join } from "node:path";

/**
 * Keeps garbage young and the heap small: half the memory while an image is loaded, at no cost that
 * could be measured. What needs much memory runs in threads with limits of their own.
 */
const memoryFlags = ["--max-semi-space-size=1", "--max-old-space-size=96"];

/** What goes into the daemon's environment: one heap of malloc's for all threads is a smaller one. */
export const daemonEnvironment = { MALLOC_ARENA_MAX: "1" };

/** Program and arguments that start a daemon. */
export function daemonCommand(roots: { dataRoot: string; runRoot: string }): [string, ...string[]] {
  return [
    process.execPath,
    ...memoryFlags,
    join(import.meta.dirname, "dvmd.ts"),
    ...["--data-root", roots.dataRoot, "--run-root", roots.runRoot],
  ];
}

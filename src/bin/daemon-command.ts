import { join } from "node:path";

/**
 * Keeps garbage young and the heap small: half the memory while an image is loaded, at no cost that
 * could be measured. What needs much memory runs in threads with limits of their own.
 */
const memoryFlags = ["--max-semi-space-size=1", "--max-old-space-size=96"];

/** Program and arguments that start a daemon. */
export function daemonCommand(roots: { dataRoot: string; runRoot: string }): [string, ...string[]] {
  return [
    process.execPath,
    ...memoryFlags,
    join(import.meta.dirname, "dvmd.ts"),
    ...["--data-root", roots.dataRoot, "--run-root", roots.runRoot],
  ];
}

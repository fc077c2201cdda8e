import { join } from "node:path";

/** Keeps garbage young: half the memory for loading an image, at no cost that could be measured. */
const memoryFlags = ["--max-semi-space-size=1"];

/** Program and arguments that start a daemon. */
export function daemonCommand(roots: { dataRoot: string; runRoot: string }): [string, ...string[]] {
  return [
    process.execPath,
    ...memoryFlags,
    join(import.meta.dirname, "dvmd.ts"),
    ...["--data-root", roots.dataRoot, "--run-root", roots.runRoot],
  ];
}

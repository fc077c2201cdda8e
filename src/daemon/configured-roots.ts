import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Where configuration files put the roots, for a client that looks for its daemon. Reads at once, as
 * every command does it; what is wrong with a file, the daemon says.
 */
export function configuredRoots(folders: readonly string[]): {
  dataRoot?: string | undefined;
  runRoot?: string | undefined;
} {
  const said: Record<string, unknown> = {};
  for (const folder of folders) Object.assign(said, contentOf(join(folder, "config.json")));
  return { dataRoot: pathOf(said["data-root"]), runRoot: pathOf(said["exec-root"]) };
}

function contentOf(path: string): object {
  try {
    const content: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof content === "object" && content !== null ? content : {};
  } catch {
    return {}; // most hosts have none
  }
}

function pathOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

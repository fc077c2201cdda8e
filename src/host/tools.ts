import { access, constants, readdir } from "node:fs/promises";
import { join } from "node:path";
import { ignore } from "../base/errors.ts";
import { toolPath } from "./tool-environment.ts";

/** A program and what it takes to run it. */
export interface Tool {
  path: string;
  /** Go before all others. */
  arguments: string[];
  /** Has to be set for it, and for nothing else. */
  environment: Record<string, string>;
}

/**
 * A program of the host: the system's own, else one that set-up has unpacked in the data root for
 * a user who can't install any.
 */
export async function findTool(dataRoot: string, name: string): Promise<Tool | undefined> {
  const own = await firstExecutable(toolPath().split(":"), name);
  if (own !== undefined) return { path: own, arguments: [], environment: {} };
  const root = unpackedTools(dataRoot);
  const folders = ["usr/bin", "usr/sbin", "bin", "sbin"].map((folder) => join(root, folder));
  const path = await firstExecutable(folders, name);
  if (path === undefined) return undefined;
  return {
    path,
    arguments: [],
    environment: {
      PATH: [...folders, toolPath()].join(":"),
      LD_LIBRARY_PATH: (await libraryFolders(root)).join(":"),
    },
  };
}

/** The root below which set-up unpacks packages for a user who can't install them. */
export function unpackedTools(dataRoot: string): string {
  return join(dataRoot, "tools");
}

/** Folders of shared libraries below such a root. */
export async function libraryFolders(root: string): Promise<string[]> {
  const folders: string[] = [];
  for (const library of ["usr/lib", "lib"]) {
    const names = (await ignore("ENOENT", () => readdir(join(root, library)))) ?? [];
    const triplets = names.filter((name) => name.endsWith("-linux-gnu"));
    folders.push(...triplets.map((name) => join(root, library, name)), join(root, library));
  }
  return folders;
}

async function firstExecutable(folders: string[], name: string): Promise<string | undefined> {
  for (const folder of folders) {
    const path = join(folder, name);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

import { copyFile, mkdir, readFile, readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { DvmError } from "../base/errors.ts";

/** What a machine needs of a kernel that has it as modules, each before what builds on it. */
export const wantedModules = [
  "virtio_mmio",
  "virtio_console",
  "virtio_blk",
  "virtio_net",
  "virtio_rng",
  "virtio_balloon",
  "crc32c_generic", // ext4 and libcrc32c ask for it by name, not by a link
  "ext4",
  "erofs",
  "overlay",
  "fuse",
];

/** Copies `wanted` of `available` to `folder`/modules; gives the names there, in order of loading. */
export async function copyModules(
  available: string,
  wanted: string[],
  folder: string,
): Promise<string[]> {
  await mkdir(join(folder, "modules"), { recursive: true });
  const names: string[] = [];
  for (const file of await modulesInOrder(available, wanted)) {
    const name = `${String(names.length).padStart(2, "0")}-${moduleName(file)}.ko`;
    await copyFile(file, join(folder, "modules", name));
    names.push(name);
  }
  return names;
}

/**
 * The files of `wanted` modules and of what they depend on, each after what it needs. Modules that
 * are built in (as modules.builtin of `folder` tells) are left out.
 */
export async function modulesInOrder(folder: string, wanted: string[]): Promise<string[]> {
  const files = await moduleFiles(folder);
  const builtIn = new Set(
    (await readFile(join(folder, "modules.builtin"), "utf8")).split("\n").map(moduleName),
  );
  const ordered: string[] = [];
  const add = async (name: string): Promise<void> => {
    const file = files.get(name);
    if (file === undefined) {
      if (builtIn.has(name)) return;
      throw new DvmError("unavailable", `cannot use the kernel: it has no module ${name}`);
    }
    if (ordered.includes(file)) return;
    for (const dependency of await moduleDependencies(file)) await add(dependency);
    ordered.push(file);
  };
  for (const name of wanted) await add(name);
  return ordered;
}

/** Names in a module's `depends=` field (its .modinfo section; modpost writes it always). */
async function moduleDependencies(file: string): Promise<string[]> {
  const bytes = await readFile(file);
  const key = Buffer.from("\0depends=");
  const start = bytes.indexOf(key);
  if (start === -1) throw new DvmError("damaged", `cannot use module ${file}: no depends= in it`);
  const end = bytes.indexOf(0, start + key.length);
  return bytes
    .toString("latin1", start + key.length, end)
    .split(",")
    .filter((name) => name !== "")
    .map(moduleName);
}

async function moduleFiles(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true });
  const modules = entries.filter((path) => path.endsWith(".ko"));
  return new Map(modules.map((path) => [moduleName(path), join(folder, path)]));
}

/** `kernel/drivers/char/virtio_console.ko` → `virtio_console`. */
export function moduleName(path: string): string {
  return basename(path).replace(/\.ko$/, "").replaceAll("-", "_");
}

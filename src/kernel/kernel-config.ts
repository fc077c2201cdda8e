import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { KernelOption } from "./kernel-feature.ts";

/** The lines that Kconfig understands, to be put behind a .config. */
export function configFragment(options: KernelOption[]): string {
  return options
    .map(({ name, value }) => (value === "n" ? `# ${name} is not set\n` : `${name}=${value}\n`))
    .join("");
}

/** The options that a finished .config does not hold as they were asked for, with their places. */
export function lostOptions(options: KernelOption[], config: string): string[] {
  const values = new Map<string, string>();
  for (const line of config.split("\n")) {
    const [, name, value] = /^(CONFIG_\w+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) values.set(name, value);
  }
  return options
    .filter(({ name, value }) => (values.get(name) ?? "n") !== value)
    .map((option) => {
      const got = values.get(option.name) ?? "n";
      return `${option.name}=${option.value} became ${got} (${option.place})`;
    });
}

/** The options that these sources have never heard of: a slip of the pen, or another version's. */
export function unknownOptions(options: KernelOption[], symbols: Set<string>): string[] {
  return options
    .filter(({ name }) => !symbols.has(name.slice("CONFIG_".length)))
    .map(({ name, value, place }) => `${name}=${value} (${place})`);
}

/** Every symbol that the Kconfig files of `tree` declare for x86, without `CONFIG_`. */
export async function kconfigSymbols(tree: string): Promise<Set<string>> {
  const symbols = new Set<string>();
  const entries = await readdir(tree, { recursive: true });
  const others = /^(arch\/(?!x86\/)|scripts\/|tools\/|Documentation\/)./;
  for (const path of entries) {
    if (!/(^|\/)Kconfig[^/]*$/.test(path)) continue;
    if (others.test(path) && path !== "arch/Kconfig") continue;
    const text = await readFile(join(tree, path), "utf8").catch(() => "");
    for (const [, name = ""] of text.matchAll(/^\s*(?:menu)?config\s+(\w+)/gm)) symbols.add(name);
  }
  return symbols;
}

/** One line of a config fragment: `CONFIG_X=y`, or `=n` for what must be off. */
export interface KernelOption {
  name: string;
  value: string;
}

/** Reads our fragment's form, where the reason of an option stands behind `#` on its line. */
export function parseOptions(fragment: string): KernelOption[] {
  return fragment
    .split("\n")
    .map((line) => /^(CONFIG_\w+)=([^\s#]+)/.exec(line))
    .flatMap((match) => (match ? [{ name: match[1] ?? "", value: match[2] ?? "" }] : []));
}

/** The lines that Kconfig understands, to be put behind a .config. */
export function configFragment(options: KernelOption[]): string {
  return options
    .map(({ name, value }) => (value === "n" ? `# ${name} is not set\n` : `${name}=${value}\n`))
    .join("");
}

/** The options that a finished .config does not hold as they were asked for. */
export function lostOptions(options: KernelOption[], config: string): string[] {
  const set = new Map(parseOptions(config).map(({ name, value }) => [name, value]));
  return options
    .filter(({ name, value }) => (set.get(name) ?? "n") !== value)
    .map(({ name, value }) => `${name}=${value}`);
}

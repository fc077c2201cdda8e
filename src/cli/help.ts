import type { Command, CommandEntry } from "./command.ts";
import type { Flag } from "./flags.ts";

const summaryColumn = 36;

export function commandHelp(command: Command): string {
  const flags = command.flags.length === 0 ? "" : `\nOptions:\n${flagLines(command.flags)}`;
  return `${usageLine(command)}\n\n${command.summary}\n${flags}`;
}

export function usageLine(command: Command): string {
  return `Usage:  dvm ${command.name} ${command.usage}`.trimEnd();
}

/** Help of `dvm` itself, or of a group such as `volume`. */
export function groupHelp(group: string | undefined, commands: Map<string, CommandEntry>): string {
  const prefix = group === undefined ? "" : `${group} `;
  const names = [...commands.keys()].filter((name) => name.startsWith(prefix));
  const width = Math.max(...names.map((name) => name.length - prefix.length)) + 3;
  const lines = names
    .toSorted()
    .map((name) => `  ${name.slice(prefix.length).padEnd(width)}${commands.get(name)?.summary}`);
  const title = group === undefined ? "dvm [OPTIONS] COMMAND" : `dvm ${group} COMMAND`;
  const about = group === undefined ? "Starts any Docker image in its own virtual machine\n\n" : "";
  const globals = group === undefined ? `\nGlobal Options:\n${flagLines(globalFlags)}` : "";
  return (
    `Usage:  ${title}\n\n${about}Commands:\n${lines.join("\n")}\n${globals}\n` +
    `Run 'dvm ${prefix}COMMAND --help' for more information on a command.\n`
  );
}

/** Flags before the command. */
export const globalFlags: readonly Flag[] = [
  {
    name: "host",
    short: "H",
    kind: "text",
    value: "string",
    summary: "Daemon socket to connect to (unix:///path)",
  },
  { name: "data-root", kind: "text", value: "path", summary: "Folder of images and containers" },
  { name: "run-root", kind: "text", value: "path", summary: "Folder of sockets and pid files" },
  { name: "version", short: "v", kind: "boolean", summary: "Print version information and quit" },
  { name: "help", kind: "boolean", summary: "Print usage" },
];

function flagLines(flags: readonly Flag[]): string {
  return flags
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((flag) => {
      const short = flag.short === undefined ? "      " : `  -${flag.short}, `;
      const value = flag.kind === "boolean" ? "" : ` ${flag.value ?? defaultValueName(flag)}`;
      const head = `${short}--${flag.name}${value}`;
      const gap = head.length >= summaryColumn ? `\n${" ".repeat(summaryColumn)}` : "";
      return `${gap === "" ? head.padEnd(summaryColumn) : head + gap}${flag.summary}\n`;
    })
    .join("");
}

function defaultValueName(flag: Flag): string {
  if (flag.kind === "integer") return "int";
  return flag.kind === "list" ? "list" : "string";
}

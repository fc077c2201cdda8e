import { readFile } from "node:fs/promises";

/** What a host's resolv.conf(5) says beside its name servers. */
export interface HostResolver {
  /** Of containers, where somebody said so; else the machine's own. */
  nameservers?: string[];
  search: string[];
  options: string[];
}

const usual = "/etc/resolv.conf";
/** What systemd-resolved knows, where the usual file leads to its stub on the host alone. */
const behindStub = "/run/systemd/resolve/resolv.conf";
const stub = "127.0.0.53";
const maximumCharacters = 65_536;
const maximumWords = 256;

/** The host's own, as Docker's containers get it; empty where it can't be read. */
export async function hostResolver(paths = { usual, behindStub }): Promise<HostResolver> {
  const text = await read(paths.usual);
  const servers = linesOf(text).filter(([key]) => key === "nameserver");
  const isStub = servers.length === 1 && servers[0]?.[1] === stub;
  return parseResolver(isStub ? await read(paths.behindStub) : text);
}

/** The last of `search` and `domain` counts, and all options, as in resolv.conf(5). */
export function parseResolver(text: string): HostResolver {
  const result: HostResolver = { search: [], options: [] };
  for (const [key, ...words] of linesOf(text)) {
    if (key === "search") result.search = words;
    if (key === "domain") result.search = words.slice(0, 1);
    if (key === "options") result.options.push(...words);
  }
  return {
    search: result.search.slice(0, maximumWords),
    options: result.options.slice(0, maximumWords),
  };
}

function linesOf(text: string): string[][] {
  return text
    .slice(0, maximumCharacters)
    .split("\n")
    .map((line) => (line.replace(/[#;].*/, "").match(/[!-~]+/g) ?? []) as string[])
    .filter((words) => words.length > 1);
}

/** A host without the file has none of it: nothing fails for that. */
async function read(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}

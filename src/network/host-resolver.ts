import { readFile } from "node:fs/promises";
import { isIP } from "node:net";

/** What a host's resolv.conf(5) says. */
export interface HostResolver {
  /** The file that says it. */
  path: string;
  servers: string[];
  search: string[];
  options: string[];
  /** Whole lines that are about something else. */
  others: string[];
  /** What was named as a server, and is no address. */
  invalid: string[];
}

/** With what a daemon was told to give to containers in place of it; empty: nothing. */
export interface ConfiguredResolver extends HostResolver {
  given: { nameservers: string[]; search: string[]; options: string[] };
}

const usual = "/etc/resolv.conf";
/** What systemd-resolved knows, where the usual file leads to its stub on the host alone. */
const behindStub = "/run/systemd/resolve/resolv.conf";
const stub = "127.0.0.53";
const maximumCharacters = 65_536;
const maximumWords = 256;

/** The host's own, as Docker's containers get it; empty where it can't be read. */
export async function hostResolver(paths = { usual, behindStub }): Promise<HostResolver> {
  const own = parseResolver(await read(paths.usual), paths.usual);
  const isStub = own.servers.length === 1 && own.servers[0] === stub;
  return isStub ? parseResolver(await read(paths.behindStub), paths.behindStub) : own;
}

/** The last of `search` and `domain` counts, and all options, as in resolv.conf(5). */
export function parseResolver(text: string, path: string = usual): HostResolver {
  const result: HostResolver = {
    ...{ path, servers: [], search: [], options: [], others: [], invalid: [] },
  };
  for (const line of text.slice(0, maximumCharacters).split("\n")) {
    const [key = "", ...words] = line.replace(/[#;].*/, "").match(/[!-~]+/g) ?? [];
    const [first] = words;
    if (first === undefined) continue;
    if (["nameserver", "search", "domain", "options"].includes(key))
      take(result, key, words.slice(0, maximumWords));
    else result.others.push([key, ...words].join(" "));
  }
  return result;
}

function take(result: HostResolver, key: string, words: string[]): void {
  const [first = ""] = words;
  if (key === "options") result.options = [...result.options, ...words].slice(0, maximumWords);
  else if (key === "search") result.search = words;
  else if (key === "domain") result.search = [first];
  else if (isIP(first) === 0) result.invalid.push(first);
  else result.servers.push(first);
}

/** A host without the file has none of it: nothing fails for that. */
async function read(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}

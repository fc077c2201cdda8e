import { readFile } from "node:fs/promises";

/** What `/etc/os-release` says of the host: `VERSION_ID`, `PRETTY_NAME`, …; empty without one. */
async function osRelease(): Promise<Partial<Record<string, string>>> {
  const text = await readFile("/etc/os-release", "utf8").catch(() => "");
  const settings = text.matchAll(/^([A-Z_]+)=(?:"(.*)"|'(.*)'|(.*))$/gm);
  return Object.fromEntries(
    [...settings].map(([, name, double, single, plain]) => [name, double ?? single ?? plain ?? ""]),
  );
}

/** Of the host's system, as `12`; empty where it has none. */
export async function hostVersion(): Promise<string> {
  return (await osRelease())["VERSION_ID"] ?? "";
}

import { readFile, readdir, writeFile } from "node:fs/promises";
import { ignore } from "../../base/errors.ts";

const four = "/proc/sys/net/ipv4/ip_forward";
const six = "/proc/sys/net/ipv6/conf/all/forwarding";

/** What was changed of how the host forwards: what it was before, by file. */
export type ForwardingBefore = Record<string, string>;

/** Lets the host forward IPv4. Gives what was changed. */
export async function forwardFour(): Promise<ForwardingBefore> {
  return set(four, "1");
}

/**
 * Lets the host forward IPv6; interfaces that learn their routes from routers go on doing so, which
 * a host that forwards doesn't by itself.
 */
export async function forwardSix(): Promise<ForwardingBefore> {
  if ((await read(six)) !== "0") return {};
  const changed: ForwardingBefore = {};
  for (const name of await readdir("/proc/sys/net/ipv6/conf")) {
    const file = `/proc/sys/net/ipv6/conf/${name}/accept_ra`;
    if ((await read(file)) === "1") Object.assign(changed, await set(file, "2"));
  }
  return { ...(await set(six, "1")), ...changed };
}

/** Makes it as it was. An interface may have gone. */
export async function restoreForwarding(before: ForwardingBefore): Promise<void> {
  for (const [file, value] of Object.entries(before))
    await ignore("ENOENT", () => writeFile(file, value));
}

async function set(file: string, value: string): Promise<ForwardingBefore> {
  const before = await read(file);
  if (before === undefined || before === value) return {};
  await writeFile(file, value);
  return { [file]: before };
}

async function read(file: string): Promise<string | undefined> {
  return (await ignore("ENOENT", () => readFile(file, "utf8")))?.trim();
}

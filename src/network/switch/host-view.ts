import { readFile } from "node:fs/promises";
import { BlockList, isIPv6 } from "node:net";

/** A way of the host's to somewhere. */
export interface HostRoute {
  interface: string;
  /** "0.0.0.0" or "::" with prefix 0 for everything. */
  address: string;
  prefix: number;
}

/** Of both families, its main table. */
export async function hostRoutes(): Promise<HostRoute[]> {
  const [four, six] = await Promise.all([read("/proc/net/route"), read("/proc/net/ipv6_route")]);
  return [...parseRoutes4(four), ...parseRoutes6(six)];
}

/** As proc(5) has it, numbers in the host's order. */
export function parseRoutes4(text: string): HostRoute[] {
  return text
    .split("\n")
    .slice(1)
    .map((line) => line.split("\t"))
    .flatMap(([name, destination, , , , , , mask]) => {
      if (name === undefined || destination === undefined || mask === undefined) return [];
      const prefix = parseInt(mask, 16).toString(2).replaceAll("0", "").length;
      return [{ interface: name, address: bytesOf(destination).reverse().join("."), prefix }];
    });
}

/** As proc(5) has it; without those that lead nowhere. */
export function parseRoutes6(text: string): HostRoute[] {
  return text.split("\n").flatMap((line) => {
    const [address, length, , , , , , , , name] = line.split(/ +/);
    if (address?.length !== 32 || length === undefined || name === undefined) return [];
    if (name === "lo") return [];
    const groups = address.match(/.{4}/g) ?? [];
    return [{ interface: name, address: groups.join(":"), prefix: parseInt(length, 16) }];
  });
}

/** Whether one of `routes`, the default ones aside, leads into `subnet` or beyond. */
export function overlaps(routes: readonly HostRoute[], subnet: string): boolean {
  const [address = "", length = ""] = subnet.split("/");
  const family = isIPv6(address) ? "ipv6" : "ipv4";
  const own = new BlockList();
  own.addSubnet(address, Number(length), family);
  return routes.some((route) => {
    if (route.prefix === 0 || isIPv6(route.address) !== (family === "ipv6")) return false;
    const theirs = new BlockList();
    theirs.addSubnet(route.address, route.prefix, family);
    return own.check(route.address, family) || theirs.check(address, family);
  });
}

/** Of the interface that leads outside; Ethernet's where none does. */
export async function outerMtu(routes: readonly HostRoute[]): Promise<number> {
  const outer = routes.find(({ prefix }) => prefix === 0);
  if (outer === undefined) return 1500;
  const text = await read(`/sys/class/net/${outer.interface}/mtu`);
  return Number(text.trim()) || 1500;
}

/** Whether the host itself reaches anything by IPv6. */
export function hasIPv6(routes: readonly HostRoute[]): boolean {
  return routes.some(({ address, prefix }) => prefix === 0 && isIPv6(address));
}

export async function hasInterface(name: string): Promise<boolean> {
  return (await read("/proc/net/dev"))
    .split("\n")
    .some((line) => line.trim().startsWith(`${name}:`));
}

function bytesOf(hex: string): number[] {
  return (hex.match(/../g) ?? []).map((byte) => parseInt(byte, 16));
}

/** A host without the file has none of it. */
async function read(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}

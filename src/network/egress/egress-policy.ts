import { isIP, isIPv6 } from "node:net";
import { DvmError } from "../../base/errors.ts";

/** One line of what a container may reach. */
export interface EgressRule {
  /** A name, one with `*.` before it for all below it, an address, a subnet, or `*`. */
  destination: string;
  kind: "name" | "address" | "any";
  /** Undefined: all, and what has none, as ICMP. */
  ports?: { first: number; last: number };
  /** Undefined: both. */
  protocol?: "tcp" | "udp";
}

/** On containers and networks; its value is a list, and an empty one lets nothing out. */
export const egressLabel = "dvm.egress.allow";

const wholeName =
  /^(?:\*\.)?[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/;
const rulesOfOne = 256;

/**
 * Reads a list of `DESTINATION[:PORT[-PORT]][/tcp|/udp]`, parted by commas or spaces. Addresses of
 * IPv6 stand in brackets; `none` stands for an empty list.
 */
export function parseEgress(text: string): EgressRule[] {
  const words = text.split(/[\s,]+/).filter((word) => word !== "" && word !== "none");
  if (words.length > rulesOfOne)
    throw new DvmError(
      "invalid",
      `cannot take ${words.length} rules of egress: ${rulesOfOne} at most`,
    );
  return words.map(parseRule);
}

function parseRule(word: string): EgressRule {
  const [, place = "", from, to, protocol] =
    /^(.*?)(?::(\d+)(?:-(\d+))?)?(?:\/(tcp|udp))?$/i.exec(word.toLowerCase()) ?? [];
  const destination = place === "" ? "*" : place.replace(/^\[(.*)\]/, "$1");
  const kind = kindOf(destination, place);
  const [first, last] = [Number(from ?? 0), Number(to ?? from ?? 0)];
  if (kind === undefined) throw broken(word, "its destination is no name, address or subnet");
  if (last > 65_535 || first > last || (from !== undefined && first === 0))
    throw broken(word, "its ports are none");
  return {
    ...{ destination, kind },
    ...(from === undefined ? {} : { ports: { first, last } }),
    ...(protocol === "tcp" || protocol === "udp" ? { protocol } : {}),
  };
}

function broken(word: string, why: string): DvmError {
  return new DvmError("invalid", `invalid egress rule ${JSON.stringify(word)}: ${why}`, {
    hint: "as in example.org:443, *.example.org, 10.0.0.0/8:5432/tcp, [2001:db8::]/32 or *:123/udp",
  });
}

function kindOf(destination: string, written: string): EgressRule["kind"] | undefined {
  if (destination === "*") return "any";
  const [address = "", bits, ...more] = destination.split("/");
  const family = isIP(address);
  if (family === 0)
    return destination.length <= 253 && wholeName.test(destination) && !/^[\d.]+$/.test(destination)
      ? "name"
      : undefined;
  const most = family === 6 ? 128 : 32;
  const isSubnet = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
  const isBracketed = family === 4 || written.startsWith("[");
  return isSubnet && isBracketed && more.length === 0 ? "address" : undefined;
}

/** Whether a rule is about this name. */
export function isAbout({ kind, destination }: EgressRule, name: string): boolean {
  if (kind === "any") return true;
  const asked = name.toLowerCase().replace(/\.$/, "");
  if (kind !== "name") return false;
  if (destination.startsWith("*.")) return asked.endsWith(destination.slice(1));
  return asked === destination;
}

/** As a rule is written. */
export function egressText({ destination, ports, protocol }: EgressRule): string {
  const place = isIPv6(destination.replace(/\/.*/, ""))
    ? destination.replace(/^[^/]*/, (address) => `[${address}]`)
    : destination;
  const range =
    ports && (ports.first === ports.last ? `${ports.first}` : `${ports.first}-${ports.last}`);
  return (
    place +
    (range === undefined ? "" : `:${range}`) +
    (protocol === undefined ? "" : `/${protocol}`)
  );
}

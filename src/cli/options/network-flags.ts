import { DvmError } from "../../base/errors.ts";
import type { JsonObject } from "../../client/json.ts";
import type { Flag, ParsedFlags } from "../flags.ts";
import { keyValues } from "./environment.ts";
import { checked, list, text } from "./flag-kinds.ts";

/** A network as `--network` names it, with what is asked of it. */
interface NetworkChoice {
  target: string;
  aliases: string[];
  links: string[];
  driverOptions: string[];
  linkLocal: string[];
  ipv4: string;
  ipv6: string;
  mac: string;
  priority: number;
}

/** Which networks a container is in, and what it asks of the first of them. */
export const networkFlags: readonly Flag[] = [
  {
    ...checked(list("network", "Connect a container to a network"), readChoice),
    aliases: ["net"],
  },
  {
    ...list("network-alias", "Add network-scoped alias for the container"),
    aliases: ["net-alias"],
  },
  text("ip", "string", "IPv4 address (e.g., 172.30.100.104)"),
  text("ip6", "string", "IPv6 address (e.g., 2001:db8::33)"),
  list("link-local-ip", "Container IPv4/IPv6 link-local addresses"),
  text("mac-address", "string", "Container MAC address (e.g., 92:d0:c6:0a:29:33)"),
];

/** The network that a container's mode names. */
export function networkMode(flags: ParsedFlags): string {
  const [first] = flags.list("network");
  return first === undefined ? "default" : readChoice(first).target;
}

/** NetworkingConfig, in the order that was asked for; undefined when nothing is asked of any. */
export function networkingConfig(
  flags: ParsedFlags,
  links: readonly string[],
): JsonObject | undefined {
  const given = flags.list("network").map(readChoice);
  const choices = given.length === 0 ? [emptyChoice("default")] : given;
  const endpoints: Record<string, JsonObject> = {};
  for (const [index, choice] of choices.entries()) {
    const whole = index === 0 ? withFlags(choice, flags, links) : choice;
    if (choice.target in endpoints)
      throw invalid(`network ${JSON.stringify(choice.target)} is specified multiple times`);
    endpoints[choice.target] = endpointOf(whole);
  }
  const kinds = new Set(given.map(({ target }) => isUserDefined(target)));
  if (kinds.size > 1)
    throw invalid(
      "conflicting options: cannot attach both user-defined and non-user-defined network-modes",
    );
  const [only = {}] = Object.values(endpoints);
  const isPlain = choices.length === 1 && Object.keys(only).length === 0;
  return isPlain ? undefined : { EndpointsConfig: endpoints };
}

function withFlags(
  choice: NetworkChoice,
  flags: ParsedFlags,
  links: readonly string[],
): NetworkChoice {
  const aliases = flags.list("network-alias");
  const linkLocal = flags.list("link-local-ip");
  const [ipv4, ipv6, mac] = ["ip", "ip6", "mac-address"].map((name) => flags.text(name) ?? "");
  const clashes: [both: boolean, what: string][] = [
    [choice.aliases.length > 0 && aliases.length > 0, "--network-alias and per-network alias"],
    [choice.links.length > 0 && links.length > 0, "--link and per-network links"],
    [choice.ipv4 !== "" && ipv4 !== "", "--ip and per-network IPv4 address"],
    [choice.ipv6 !== "" && ipv6 !== "", "--ip6 and per-network IPv6 address"],
    [choice.mac !== "" && mac !== "", "--mac-address and per-network MAC address"],
    [
      choice.linkLocal.length > 0 && linkLocal.length > 0,
      "--link-local-ip and per-network link-local IP addresses",
    ],
  ];
  const clash = clashes.find(([both]) => both);
  if (clash !== undefined) throw invalid(`conflicting options: cannot specify both ${clash[1]}`);
  return {
    ...choice,
    aliases: [...choice.aliases, ...aliases],
    links: isUserDefined(choice.target) ? [...choice.links, ...links] : choice.links,
    linkLocal: [...choice.linkLocal, ...linkLocal],
    ...{ ipv4: ipv4 || choice.ipv4, ipv6: ipv6 || choice.ipv6, mac: mac || choice.mac },
  };
}

function endpointOf(choice: NetworkChoice): JsonObject {
  const { target, aliases, links, driverOptions, linkLocal, ipv4, ipv6, priority } = choice;
  const mac = choice.mac.trim();
  if (!isUserDefined(target) && aliases.length > 0)
    throw invalid("network-scoped aliases are only supported for user-defined networks");
  if (!isUserDefined(target) && links.length > 0)
    throw invalid("links are only supported for user-defined networks");
  if (mac !== "" && !/^(?:[\da-f]{2}[:-]){5}[\da-f]{2}$/i.test(mac))
    throw invalid(`${choice.mac} is not a valid mac address`);
  const addresses = {
    ...(ipv4 === "" ? {} : { IPv4Address: ipv4 }),
    ...(ipv6 === "" ? {} : { IPv6Address: ipv6 }),
    ...(linkLocal.length === 0 ? {} : { LinkLocalIPs: linkLocal }),
  };
  return {
    ...(aliases.length === 0 ? {} : { Aliases: aliases }),
    ...(links.length === 0 ? {} : { Links: links }),
    ...(driverOptions.length === 0 ? {} : { DriverOpts: keyValues(driverOptions) }),
    ...(Object.keys(addresses).length === 0 ? {} : { IPAMConfig: addresses }),
    ...(mac === "" ? {} : { MacAddress: mac }),
    ...(priority === 0 ? {} : { GwPriority: priority }),
  };
}

function isUserDefined(target: string): boolean {
  return !/^(?:default|bridge|host|none|container:.*)$/.test(target);
}

/** A name, or `name=mine,alias=web,ip=10.0.0.5`. */
function readChoice(given: string): NetworkChoice {
  if (!/^[^,]*=/.test(given)) {
    const target = given.trim();
    if (target === "") throw invalid("no name set for network");
    return emptyChoice(target);
  }
  const choice = emptyChoice("");
  for (const field of given.split(",")) {
    const cut = field.indexOf("=");
    if (cut < 0) throw invalid(`invalid field ${field}`);
    setField(choice, field.slice(0, cut).trim().toLowerCase(), field.slice(cut + 1).trim());
  }
  if (choice.target === "") throw invalid("network name/id is not specified");
  return choice;
}

function setField(choice: NetworkChoice, key: string, value: string): void {
  switch (key) {
    case "name":
      choice.target = value;
      return;
    case "alias":
      choice.aliases.push(value);
      return;
    case "ip":
      choice.ipv4 = value;
      return;
    case "ip6":
      choice.ipv6 = value;
      return;
    case "mac-address":
      choice.mac = value;
      return;
    case "link-local-ip":
      choice.linkLocal.push(value);
      return;
    case "driver-opt":
      if (!value.includes("=")) throw invalid("invalid key value pair format in driver options");
      choice.driverOptions.push(value);
      return;
    case "gw-priority":
      if (!/^[+-]?\d+$/.test(value)) throw invalid(`invalid gw-priority (${value})`);
      choice.priority = Number(value);
      return;
    default:
      throw invalid(`invalid field key ${key}`);
  }
}

function emptyChoice(target: string): NetworkChoice {
  return {
    ...{ target, aliases: [], links: [], driverOptions: [], linkLocal: [] },
    ...{ ipv4: "", ipv6: "", mac: "", priority: 0 },
  };
}

function invalid(message: string): DvmError {
  return new DvmError("invalid", message);
}

import type { EgressRule } from "./egress-policy.ts";

/*
 * Statements of nft(8) that hold a container to what it may reach. They are in a table of their own,
 * `inet dvm_egress`, in the switch's namespace, where a packet's source address is true. A chain for
 * each container judges what leaves it, by sets for each of its names.
 */

const table = "inet dvm_egress";

/** What a container is, for these rules. */
export interface HeldContainer {
  /** Its id. */
  container: string;
  /** Without prefixes. */
  addresses: readonly string[];
  rules: readonly EgressRule[];
}

const ground = [
  `add table ${table}`,
  `add map ${table} judged4 { type ipv4_addr : verdict; }`,
  `add map ${table} judged6 { type ipv6_addr : verdict; }`,
  ...(["forward", "input"] as const).flatMap((hook) => [
    `add chain ${table} ${hook} { type filter hook ${hook} priority filter - 5; policy accept; }`,
    `flush chain ${table} ${hook}`,
    `add rule ${table} ${hook} ct state established,related accept`,
    // neighbours are found by it
    ...(hook === "input" ? [`add rule ${table} ${hook} meta l4proto ipv6-icmp accept`] : []),
    `add rule ${table} ${hook} iifname "up0" accept`,
    `add rule ${table} ${hook} ip saddr vmap @judged4`,
    `add rule ${table} ${hook} ip6 saddr vmap @judged6`,
  ]),
];

/** Holds it to its rules, and to no others that it had. */
export function holdingStatements(held: HeldContainer): string {
  const { container, addresses, rules } = held;
  const chain = chainOf(container);
  const add = (rule: string) => `add rule ${table} ${chain} ${rule}`;
  return lines([
    ...ground,
    `add counter ${table} ${chain}`,
    ...families.map(
      (family) =>
        `add set ${table} ${chain}_refused${family} { type ipv${family}_addr . inet_proto . inet_service; size 256; flags dynamic; counter; }`,
    ),
    `add chain ${table} ${chain}`,
    `flush chain ${table} ${chain}`,
    ...rules.flatMap((rule, place) => ruleStatements(chain, rule, place)),
    ...families.map((family) =>
      add(
        `meta l4proto { tcp, udp } update @${chain}_refused${family} { ${addressOf(family)} . meta l4proto . th dport }`,
      ),
    ),
    add(`counter name ${chain}`),
    add("meta l4proto tcp reject with tcp reset"),
    add("reject with icmpx type admin-prohibited"),
    ...addresses.flatMap((address) => replaced(mapOf(address), address, ` : jump ${chain}`)),
  ]);
}

/** Forgets it. Of rules that there aren't nothing is missed. */
export function releasingStatements(held: HeldContainer): string {
  const chain = chainOf(held.container);
  const made = [
    ...families.map((family) => `${chain}_refused${family}`),
    ...held.rules.flatMap((_, place) => families.map((family) => setOf(chain, place, family))),
  ];
  const again = holdingStatements(held);
  return (
    again +
    lines([
      ...held.addresses.map(
        (address) => `delete element ${table} ${mapOf(address)} { ${address} }`,
      ),
      `flush chain ${table} ${chain}`,
      `delete chain ${table} ${chain}`,
      ...made.map((set) => `delete set ${table} ${set}`),
      `delete counter ${table} ${chain}`,
    ])
  );
}

/** Opens addresses that names have, for as long as they have them, to the rules about those names. */
export function openingStatements(
  container: string,
  opened: readonly { rule: number; address: string; seconds: number }[],
): string {
  const chain = chainOf(container);
  return lines(
    opened.flatMap(({ rule, address, seconds }) =>
      replaced(setOf(chain, rule, address.includes(":") ? 6 : 4), address, ` timeout ${seconds}s`),
    ),
  );
}

const families = [4, 6] as const;
type Family = (typeof families)[number];

function ruleStatements(chain: string, rule: EgressRule, place: number): string[] {
  return families.flatMap((family) => {
    const set = setOf(chain, place, family);
    const made = `add set ${table} ${set} { type ipv${family}_addr; size 4096; flags timeout; }`;
    const where = destinationOf(rule, family, set);
    if (where === undefined) return [made];
    return [made, `add rule ${table} ${chain} ${where}${portsOf(rule)} accept`];
  });
}

function destinationOf(rule: EgressRule, family: Family, set: string): string | undefined {
  if (rule.kind === "any") return family === 4 ? "meta nfproto ipv4" : "meta nfproto ipv6";
  if (rule.kind === "name") return `${addressOf(family)} @${set}`;
  const isOfFamily = rule.destination.includes(":") === (family === 6);
  return isOfFamily ? `${addressOf(family)} ${rule.destination}` : undefined;
}

function portsOf({ ports, protocol }: EgressRule): string {
  const protocols = protocol ?? "{ tcp, udp }";
  if (ports === undefined) return protocol === undefined ? "" : ` meta l4proto ${protocols}`;
  return ` meta l4proto ${protocols} th dport ${ports.first}-${ports.last}`;
}

function addressOf(family: Family): string {
  return family === 4 ? "ip daddr" : "ip6 daddr";
}

/** One that is there gets its time anew only if it goes first. */
function replaced(set: string, element: string, more: string): string[] {
  const whole = `${table} ${set} { ${element}${more} }`;
  return [
    `add element ${whole}`,
    `delete element ${table} ${set} { ${element} }`,
    `add element ${whole}`,
  ];
}

export function chainOf(container: string): string {
  return `c${container.slice(0, 12)}`;
}

function setOf(chain: string, place: number, family: Family): string {
  return `${chain}_${place}_${family}`;
}

function mapOf(address: string): string {
  return address.includes(":") ? "judged6" : "judged4";
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join("");
}

import type { ContainerNames, NamedEndpoint } from "./container-names.ts";
import { reverseName } from "./reverse-name.ts";

/** What is known of a name: its addresses of one family, none if it has but others. */
export type Found = string[] | undefined;

type Family = 4 | 6;

/** Who is called what on which network. Asked as Docker's resolver is (libnetwork). */
export class NameBook {
  readonly #containers = new Map<string, ContainerNames>();
  readonly #networks = new Map<string, Map<string, NamedEndpoint>>();

  set(names: ContainerNames): void {
    this.remove(names.container);
    this.#containers.set(names.container, names);
    for (const endpoint of names.endpoints) {
      const network = this.#networks.get(endpoint.network) ?? new Map<string, NamedEndpoint>();
      this.#networks.set(endpoint.network, network.set(names.container, inLowerCase(endpoint)));
    }
  }

  remove(container: string): void {
    for (const { network } of this.#containers.get(container)?.endpoints ?? []) {
      const endpoints = this.#networks.get(network);
      endpoints?.delete(container);
      if (endpoints?.size === 0) this.#networks.delete(network);
    }
    this.#containers.delete(container);
  }

  get(container: string): ContainerNames | undefined {
    return this.#containers.get(container);
  }

  /**
   * What `asker` gets for a name: that of a container on one of its networks, which may have the
   * network's name behind it. Links of its own come first.
   */
  addresses(asker: string, name: string, family: Family): Found {
    const endpoints = this.#endpointsOf(asker);
    const wanted = name.toLowerCase().replace(/\.$/, "");
    for (const [first, networkName] of splits(wanted)) {
      const near = endpoints.filter(
        (one) => networkName === undefined || one.networkName.toLowerCase() === networkName,
      );
      const found =
        this.#among(near.flatMap(linkedAs(first)), family) ??
        this.#among(
          near.filter(isNotLinked(first)).map((one) => [one.network, first]),
          family,
        );
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The name, with its network's, of who has an address that is written as for PTR. */
  nameOf(asker: string, reverse: string): string | undefined {
    const wanted = reverse.toLowerCase().replace(/\.$/, "");
    for (const { network, networkName } of this.#endpointsOf(asker))
      for (const { names, addresses } of this.#networks.get(network)?.values() ?? [])
        if (addresses.some((address) => reverseName(address) === wanted))
          return `${names[0] ?? ""}.${networkName}`;
    return undefined;
  }

  #endpointsOf(container: string): NamedEndpoint[] {
    return (this.#containers.get(container)?.endpoints ?? []).map(inLowerCase);
  }

  /** Of names on networks, the first that has addresses of this family; else whether one is known. */
  #among(wanted: readonly [network: string, name: string][], family: Family): Found {
    let found: Found;
    for (const [network, name] of wanted) {
      const named = [...(this.#networks.get(network)?.values() ?? [])].filter(({ names }) =>
        names.includes(name),
      );
      if (named.length === 0) continue;
      const addresses = named.flatMap((one) => one.addresses).filter(isOf(family));
      if (addresses.length > 0) return addresses;
      found = [];
    }
    return found;
  }
}

function linkedAs(alias: string) {
  return ({ network, links }: NamedEndpoint): [string, string][] =>
    links.filter((link) => link.alias === alias).map(({ name }) => [network, name]);
}

function isNotLinked(name: string) {
  return ({ links }: NamedEndpoint) => !links.some(({ alias }) => alias === name);
}

function isOf(family: Family) {
  return (address: string) => address.includes(":") === (family === 6);
}

/** `a.b.c` whole, then `a.b` on network `c`, then `a` on network `b.c`. */
function splits(name: string): [name: string, network: string | undefined][] {
  const labels = name.split(".");
  const parted = labels.slice(1).map((_, index): [string, string] => {
    const at = labels.length - 1 - index;
    return [labels.slice(0, at).join("."), labels.slice(at).join(".")];
  });
  return [[name, undefined], ...parted];
}

function inLowerCase(endpoint: NamedEndpoint): NamedEndpoint {
  const links = endpoint.links.map(({ alias, name }) => ({
    ...{ alias: alias.toLowerCase(), name: name.toLowerCase() },
  }));
  return { ...endpoint, names: endpoint.names.map((name) => name.toLowerCase()), links };
}

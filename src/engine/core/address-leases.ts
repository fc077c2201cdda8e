import { DvmError } from "../../base/errors.ts";
import { formatAddress, parseAddress } from "../../network/addresses/address.ts";
import { freeAddress, isReserved } from "../../network/addresses/free-address.ts";
import { contains, parseSubnet, type Subnet } from "../../network/addresses/subnet.ts";
import type { NetworkPool, NetworkRecord, RunEndpoint } from "../records.ts";
import { withoutPrefix } from "../../network/without-prefix.ts";

/** A container's place in a network, for as long as it runs. */
export interface Lease {
  endpointId: string;
  networkId: string;
  /** Id. */
  container: string;
  /** With their prefixes; empty: none. */
  ipv4: string;
  ipv6: string;
}

/** Addresses without prefix; empty: any. */
type Wanted = Pick<Lease, "ipv4" | "ipv6">;

/** Which addresses of networks are taken. In memory: what containers that run have is stored with them. */
export class AddressLeases {
  readonly #leases = new Map<string, Lease>();

  /** Of an endpoint that an earlier daemon has made. */
  takeUp(container: string, endpoint: RunEndpoint): void {
    const { endpointId, networkId, ipv4, ipv6 } = endpoint;
    this.#leases.set(endpointId, { endpointId, networkId, container, ipv4, ipv6 });
  }

  /** Gives addresses of a network: those that are wanted, or the first that are free. */
  give(
    network: NetworkRecord,
    { endpointId, container }: Pick<Lease, "endpointId" | "container">,
    wanted: Wanted,
  ): Lease {
    const taken = this.#taken(network.id);
    const lease = {
      ...{ endpointId, container, networkId: network.id },
      ipv4: network.ipv4 ? this.#give(network, 4, { wanted: wanted.ipv4, taken }) : "",
      ipv6: network.ipv6 ? this.#give(network, 6, { wanted: wanted.ipv6, taken }) : "",
    };
    this.#leases.set(endpointId, lease);
    return lease;
  }

  release(endpointId: string): void {
    this.#leases.delete(endpointId);
  }

  of(networkId: string): Lease[] {
    return [...this.#leases.values()].filter((one) => one.networkId === networkId);
  }

  #give(
    { name, id, pools }: NetworkRecord,
    family: 4 | 6,
    { wanted, taken }: { wanted: string; taken: ReadonlySet<string> },
  ): string {
    const ours = pools.flatMap((pool) => blocksOf(pool, family));
    const asked = wanted === "" ? undefined : parseAddress(wanted);
    for (const { pool, subnet, range } of ours) {
      if (asked !== undefined && !contains(subnet, asked)) continue;
      const isTaken = (value: bigint) => {
        const address = formatAddress({ family, value });
        return taken.has(address) || pool.gateway === address || pool.reserved.includes(address);
      };
      if (asked !== undefined && (isReserved(subnet, asked) || isTaken(asked.value)))
        throw new DvmError("forbidden", "Address already in use");
      const found = asked ?? freeAddress(subnet, range, isTaken);
      if (found !== undefined) return `${formatAddress(found)}/${subnet.bits}`;
    }
    throw new DvmError(
      "unavailable",
      `no available IPv${family} addresses on this network's address pools: ${name} (${id})`,
    );
  }

  #taken(networkId: string): Set<string> {
    const addresses = this.of(networkId).flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]);
    return new Set(addresses.map(withoutPrefix));
  }
}

interface Blocks {
  pool: NetworkPool;
  subnet: Subnet;
  range: Subnet;
}

function blocksOf(pool: NetworkPool, family: 4 | 6): Blocks[] {
  const subnet = parseSubnet(pool.subnet);
  const range = parseSubnet(pool.range);
  return subnet?.family === family && range !== undefined ? [{ pool, subnet, range }] : [];
}

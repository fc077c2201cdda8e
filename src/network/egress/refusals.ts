/** What was refused, and how often. */
export interface Refusal {
  /** A name; of what is no name its address, port and protocol. */
  destination: string;
  count: number;
}

const destinationsOfOne = 100;

/** Counts what containers were refused, as far as there is room for each. */
export class Refusals {
  readonly #of = new Map<string, Map<string, number>>();

  count(container: string, destination: string): void {
    const counts = this.#of.get(container) ?? new Map<string, number>();
    this.#of.set(container, counts);
    const known = counts.get(destination);
    if (known !== undefined || counts.size < destinationsOfOne)
      counts.set(destination, (known ?? 0) + 1);
  }

  of(container: string): Refusal[] {
    const counts = this.#of.get(container) ?? new Map<string, number>();
    return [...counts].map(([destination, count]) => ({ destination, count }));
  }

  forget(container: string): void {
    this.#of.delete(container);
  }
}

/** What the table of egress has counted of a container, as `nft --json list ruleset` tells it. */
export function refusalsIn(json: string, chain: string): { packets: number; list: Refusal[] } {
  const { nftables } = JSON.parse(json) as { nftables: NftObject[] };
  const own = nftables.filter(({ set, counter }) => (set ?? counter)?.table === "dvm_egress");
  const counter = own.find((one) => one.counter?.name === chain)?.counter;
  const sets = own.flatMap(({ set }) =>
    set !== undefined && [`${chain}_refused4`, `${chain}_refused6`].includes(set.name) ? [set] : [],
  );
  const list = sets.flatMap(({ elem = [] }) => elem).flatMap(refusalOf);
  return { packets: counter?.packets ?? 0, list };
}

interface NftObject {
  set?: { table: string; name: string; elem?: NftElement[] };
  counter?: { table: string; name: string; packets: number };
}

interface NftElement {
  elem?: { val?: { concat?: (string | number)[] }; counter?: { packets: number } };
}

function refusalOf({ elem }: NftElement): Refusal[] {
  const [address, protocol, port] = elem?.val?.concat ?? [];
  if (address === undefined) return [];
  const host = String(address).includes(":") ? `[${String(address)}]` : String(address);
  const destination = `${host}:${String(port)}/${String(protocol)}`;
  return [{ destination, count: elem?.counter?.packets ?? 0 }];
}

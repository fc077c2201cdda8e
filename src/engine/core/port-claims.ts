import type { PortAtAddress } from "../../network/port-overlap.ts";
import type { BoundPort, ContainerRecord } from "../records.ts";

/** Ports of the host that containers have, or are about to have. */
export class PortClaims {
  readonly #containers: () => readonly ContainerRecord[];
  readonly #claims = new Map<string, PortAtAddress[]>();
  readonly #last = new Map<string, number>();

  constructor(containers: () => readonly ContainerRecord[]) {
    this.#containers = containers;
  }

  /** All but those of one container. */
  ofOthers(containerId: string): PortAtAddress[] {
    const claimed = [...this.#claims].flatMap(([id, ports]) => (id === containerId ? [] : ports));
    const bound = this.#containers().flatMap(({ id, state }): BoundPort[] =>
      id !== containerId && "ports" in state ? state.ports : [],
    );
    return [...claimed, ...bound];
  }

  /** Keeps others from them until the container has them, or it is known that it won't. */
  claim(containerId: string, ports: readonly PortAtAddress[]): void {
    this.#claims.set(containerId, [...ports]);
  }

  /** The container's state tells what it has. */
  settle(containerId: string): void {
    this.#claims.delete(containerId);
  }

  /** The numbers from `first` to `last`, in turn: the one after that which was given last comes first. */
  *inTurn(key: string, [first, last]: readonly [number, number]): Generator<number> {
    const count = last - first + 1;
    const begin = (this.#last.get(key) ?? first - 1) + 1 - first;
    for (let index = 0; index < count; index += 1) yield first + ((begin + index) % count);
  }

  given(key: string, port: number): void {
    this.#last.set(key, port);
  }
}

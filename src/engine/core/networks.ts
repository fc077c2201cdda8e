import { DvmError } from "../../base/errors.ts";
import type { ContainerRecord, NetworkRecord, StateStore } from "../records.ts";
import { AddressLeases } from "./address-leases.ts";

/** Names that every engine has a network of, or a mode. */
const ownNames = ["bridge", "host", "none", "default"];

export function isPredefined(name: string): boolean {
  return ownNames.includes(name);
}

/** The networks there are, and who has an address in them. The one place that changes them. */
export class Networks {
  readonly #store: StateStore;
  readonly #records = new Map<string, NetworkRecord>();
  /** What containers that run, or are about to, have of them. */
  readonly leases = new AddressLeases();

  constructor(store: StateStore, containers: readonly ContainerRecord[]) {
    this.#store = store;
    for (const record of store.networks()) this.#records.set(record.id, record);
    for (const { id, state } of containers)
      if ("endpoints" in state)
        for (const endpoint of state.endpoints) this.leases.takeUp(id, endpoint);
  }

  list(): NetworkRecord[] {
    return [...this.#records.values()];
  }

  /** By its whole id; undefined where it has gone. */
  get(id: string): NetworkRecord | undefined {
    return this.#records.get(id);
  }

  named(name: string): NetworkRecord | undefined {
    return this.list().find((one) => one.name === name);
  }

  /** By id, name, or the beginning of an id, which Docker takes in this order. */
  find(wanted: string): NetworkRecord {
    const exact = this.#records.get(wanted) ?? this.named(wanted);
    if (exact !== undefined) return exact;
    const [begun, ...more] =
      wanted === "" ? [] : this.list().filter(({ id }) => id.startsWith(wanted));
    if (more.length > 0)
      throw new DvmError(
        "invalid",
        `network ${wanted} is ambiguous (${more.length + 1} matches found based on ID prefix)`,
      );
    if (begun === undefined) throw new DvmError("not-found", `network ${wanted} not found`);
    return begun;
  }

  /** Keeps a network; one of the same id is replaced. */
  save(record: NetworkRecord): void {
    this.#store.saveNetwork(record);
    this.#records.set(record.id, record);
  }

  remove(id: string): void {
    this.#store.deleteNetwork(id);
    this.#records.delete(id);
  }
}

import { DvmError } from "../../base/errors.ts";
import {
  type ContainerEvent,
  type ContainerRecord,
  isUp,
  next,
  type StateStore,
} from "../records.ts";

type Noted = Partial<
  Pick<ContainerRecord, "lastStart" | "restartCount" | "restart" | "health" | "request" | "run">
>;

/** A container that nobody else changes meanwhile. Each change is stored before the call returns. */
export interface HeldContainer {
  /** As it is now. */
  readonly record: ContainerRecord;
  /** Lets happen what did, and remembers what goes with it. */
  apply(event: ContainerEvent, more?: Noted): ContainerRecord;
  /** Remembers something beside the state. */
  note(more: Noted): ContainerRecord;
  /** The name must be free: `conflict` if it isn't. */
  rename(name: string): void;
  remove(): void;
}

/** The containers there are. The one place that changes them, and that stores what they are. */
export class Containers {
  readonly #store: StateStore;
  readonly #records = new Map<string, ContainerRecord>();
  readonly #locks = new Map<string, Promise<unknown>>();
  readonly #waiters = new Map<string, Set<() => void>>();
  readonly #leaving = new Set<string>();

  constructor(store: StateStore) {
    this.#store = store;
    for (const record of store.containers()) this.#records.set(record.id, record);
  }

  list(): ContainerRecord[] {
    return [...this.#records.values()];
  }

  /** By its whole id; undefined when it has gone. */
  get(id: string): ContainerRecord | undefined {
    return this.#records.get(id);
  }

  /** The container of this name, id, or unambiguous beginning of an id. */
  find(nameOrId: string): ContainerRecord {
    const name = nameOrId.replace(/^\//, "");
    const exact = this.#records.get(name) ?? this.#named(name) ?? this.#linked(name);
    if (exact !== undefined) return exact;
    const matches = /^[0-9a-f]+$/.test(name)
      ? this.list().filter((one) => one.id.startsWith(name))
      : [];
    const [only] = matches;
    if (only === undefined) throw new DvmError("not-found", `No such container: ${nameOrId}`);
    if (matches.length > 1) {
      throw new DvmError("invalid", `Multiple IDs found with provided prefix: ${nameOrId}`);
    }
    return only;
  }

  /** Keeps a new container. Its name must be free: `conflict` if it isn't. */
  add(record: ContainerRecord): void {
    this.requireFreeName(record.name);
    try {
      this.#save(record);
    } catch (error) {
      this.#records.delete(record.id);
      throw error;
    }
  }

  /** One change at a time for each container; `action` sees it as those before have left it. */
  async change<T>(id: string, action: (held: HeldContainer) => Promise<T>): Promise<T> {
    return this.#exclusive(id, () => action(this.#hold(id)));
  }

  /** Remembers something beside the state at once, whoever holds the container. */
  note(id: string, more: Noted): void {
    this.#hold(id).note(more);
  }

  /** As {@link note}, but it is stored only with the next change: what comes often, and comes again. */
  recall(id: string, more: Noted): void {
    const record = this.#records.get(id);
    if (record !== undefined) this.#records.set(id, { ...record, ...more });
  }

  /** Runs `removal`, unless one of the same container is under way: `conflict`. */
  async removeOnce(id: string, named: string, removal: () => Promise<void>): Promise<void> {
    if (this.#leaving.has(id))
      throw new DvmError("conflict", `removal of container ${named} is already in progress`);
    this.#leaving.add(id);
    try {
      await removal();
    } finally {
      this.#leaving.delete(id);
    }
  }

  /**
   * Returns when `until` gives a value; it is asked again after every change of this container, and
   * gets undefined when that has gone.
   */
  async waitFor<T>(
    id: string,
    until: (record: ContainerRecord | undefined) => T | undefined,
    signal?: AbortSignal,
  ): Promise<T> {
    for (;;) {
      const value = until(this.#records.get(id));
      if (value !== undefined) return value;
      signal?.throwIfAborted();
      await this.#changed(id, signal);
    }
  }

  requireFreeName(name: string): void {
    const holder = this.#named(name);
    if (holder === undefined) return;
    throw new DvmError(
      "conflict",
      `Conflict. The container name "/${name}" is already in use by container "${holder.id}". You have to remove (or rename) that container to be able to reuse that name.`,
    );
  }

  #named(name: string): ContainerRecord | undefined {
    return this.list().find((one) => one.name === name);
  }

  /** By a link: `web/db` is what web calls db. */
  #linked(name: string): ContainerRecord | undefined {
    const [parent = "", alias] = name.split("/");
    if (alias === undefined) return undefined;
    const link = this.#named(parent)?.run.links.find((one) => one.alias === alias);
    return link && this.#records.get(link.container);
  }

  #hold(id: string): HeldContainer {
    const now = () => {
      const record = this.#records.get(id);
      if (record === undefined) throw new DvmError("not-found", `No such container: ${id}`);
      return record;
    };
    now();
    return {
      get record() {
        return now();
      },
      apply: (event, more = {}) =>
        this.#save({ ...now(), ...more, state: next(now().state, event) }),
      note: (more) => this.#save({ ...now(), ...more }),
      rename: (name) => {
        this.requireFreeName(name);
        this.#save({ ...now(), name });
      },
      remove: () => {
        this.#store.deleteContainer(id);
        this.#records.delete(id);
        this.#wake(id);
      },
    };
  }

  /** What has happened counts, even should the disk refuse to keep it. */
  #save(record: ContainerRecord): ContainerRecord {
    this.#records.set(record.id, record);
    try {
      this.#store.saveContainer(record);
    } finally {
      this.#wake(record.id);
    }
    return record;
  }

  async #exclusive<T>(id: string, action: () => Promise<T>): Promise<T> {
    const before = this.#locks.get(id) ?? Promise.resolve();
    const mine = before.then(action, action);
    const settled = mine.then(
      () => {},
      () => {},
    );
    this.#locks.set(id, settled);
    try {
      return await mine;
    } finally {
      if (this.#locks.get(id) === settled) this.#locks.delete(id);
    }
  }

  #changed(id: string, signal: AbortSignal | undefined): Promise<void> {
    const waiting = this.#waiters.get(id) ?? new Set();
    this.#waiters.set(id, waiting);
    return new Promise<void>((resolve) => {
      const done = () => {
        waiting.delete(done);
        if (waiting.size === 0 && this.#waiters.get(id) === waiting) this.#waiters.delete(id);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      waiting.add(done);
      signal?.addEventListener("abort", done, { once: true });
    });
  }

  #wake(id: string): void {
    for (const wake of this.#waiters.get(id) ?? []) wake();
  }
}

/** Whether a container's run has ended, or the container gone. */
export function hasEnded(record: ContainerRecord | undefined): true | undefined {
  return record === undefined || !isUp(record) ? true : undefined;
}

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DvmError } from "../base/errors.ts";
import type { ImageStore } from "../image/store/image-store.ts";
import type { Image } from "../image/store/image-types.ts";
import type { LayerDownloads } from "../image/transfer/layer-downloads.ts";
import type { TransportOptions } from "../image/registry/transport.ts";
import type { Kernel } from "../kernel/kernel-catalogue.ts";
import type { Accelerator, Hypervisor } from "../machine/machine.ts";
import type { TemplateStore } from "../machine/template-store.ts";
import type { Places } from "../host/places.ts";
import type { PolicyPlace } from "../image/trust/policy.ts";
import { shortId, type ContainerRecord } from "./container-record.ts";
import { ContainerStreams } from "./container-streams.ts";
import { EventLog } from "./events.ts";
import { ExecTable } from "./exec-table.ts";
import type { FoundNeeds } from "./fit/fit-record.ts";
import type { PoolLimits } from "./machine-pool.ts";
import { MachineSupply } from "./machine-supply.ts";
import type { Run } from "./run.ts";
import { StateStore } from "./state-store.ts";
import { Trash } from "./trash.ts";

export type { Image } from "../image/store/image-types.ts";

/** What the engine is made of; the composition root chooses the parts. */
export interface EngineParts {
  places: Places;
  images: ImageStore;
  downloads: LayerDownloads;
  /** How registries are spoken to. */
  registries: TransportOptions;
  hypervisor: Hypervisor;
  hostCpus: number;
  hostMemoryBytes: number;
  /** A kernel by name or path, or the best there is. */
  chooseKernel(want: string | undefined): Promise<Kernel>;
  chooseAccelerator(
    want: "auto" | Accelerator,
    kernel: Kernel,
  ): Promise<{ accelerator: Accelerator; reason: string }>;
  /** Rate of the host's time stamp counter; undefined where it can't be told. */
  tscKhz(): Promise<number | undefined>;
  templates: TemplateStore;
  /** Off: every machine is booted. */
  useTemplates: boolean;
  pool: PoolLimits;
  /** Where the policy lies that says which images may be used. */
  trust: PolicyPlace;
  log(message: string): void;
}

/** All that use cases share: the parts, the records, and what lives in memory only. */
export class Engine implements AsyncDisposable {
  readonly parts: EngineParts;
  readonly events = new EventLog();
  readonly execs = new ExecTable();
  readonly state: StateStore;
  readonly supply: MachineSupply;
  readonly trash: Trash;
  /** Runs under way, by container id. */
  readonly runs = new Map<string, Run>();
  /** Images that are being tried, by image and command. */
  readonly fits = new Map<string, Promise<FoundNeeds>>();
  readonly #containers = new Map<string, ContainerRecord>();
  readonly #streams = new Map<string, ContainerStreams>();
  readonly #locks = new Map<string, Promise<unknown>>();
  readonly #waiters = new Set<() => void>();

  private constructor(parts: EngineParts, state: StateStore, trash: Trash) {
    this.parts = parts;
    this.state = state;
    this.trash = trash;
    const { dataRoot, runRoot } = parts.places;
    this.supply = new MachineSupply({ ...parts, dataRoot, runRoot });
    for (const record of state.containers()) this.#containers.set(record.id, record);
  }

  static async open(parts: EngineParts): Promise<Engine> {
    for (const folder of [join(parts.places.dataRoot, "containers"), parts.places.runRoot]) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    }
    const trash = await Trash.open(join(parts.places.dataRoot, "trash"), (message) =>
      parts.log(message),
    );
    return new Engine(parts, new StateStore(join(parts.places.dataRoot, "state.db")), trash);
  }

  containers(): ContainerRecord[] {
    return [...this.#containers.values()];
  }

  /** The container of this name, id, or unambiguous beginning of an id. */
  find(nameOrId: string): ContainerRecord {
    const name = nameOrId.replace(/^\//, "");
    const exact = this.#containers.get(name) ?? this.containers().find((one) => one.name === name);
    if (exact !== undefined) return exact;
    const matches = /^[0-9a-f]+$/.test(name)
      ? this.containers().filter((one) => one.id.startsWith(name))
      : [];
    const [only] = matches;
    if (only === undefined) throw new DvmError("not-found", `No such container: ${nameOrId}`);
    if (matches.length > 1) {
      throw new DvmError("invalid", `Multiple IDs found with provided prefix: ${nameOrId}`);
    }
    return only;
  }

  imageOf(record: ContainerRecord): Image {
    return this.parts.images.find(record.imageId);
  }

  /** Keeps `record` as it is now, in memory and on disk, and wakes who waits for a change. */
  save(record: ContainerRecord): void {
    this.state.saveContainer(record);
    this.#containers.set(record.id, record);
    this.#wake();
  }

  forget(id: string): void {
    this.state.deleteContainer(id);
    this.#containers.delete(id);
    this.#streams.delete(id);
    this.#wake();
  }

  /** Returns when `until` gives a value; it is asked again after every change of any container. */
  async waitFor<T>(until: () => T | undefined, signal?: AbortSignal): Promise<T> {
    for (;;) {
      const value = until();
      if (value !== undefined) return value;
      signal?.throwIfAborted();
      await new Promise<void>((resolve) => {
        const done = () => {
          this.#waiters.delete(done);
          signal?.removeEventListener("abort", done);
          resolve();
        };
        this.#waiters.add(done);
        signal?.addEventListener("abort", done, { once: true });
      });
    }
  }

  streams(id: string): ContainerStreams {
    const existing = this.#streams.get(id);
    if (existing !== undefined) return existing;
    const made = new ContainerStreams();
    this.#streams.set(id, made);
    return made;
  }

  /** One change at a time for each container. */
  async exclusive<T>(id: string, action: () => Promise<T>): Promise<T> {
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

  containerFolder(id: string): string {
    return join(this.parts.places.dataRoot, "containers", id);
  }

  logPath(id: string): string {
    return join(this.containerFolder(id), "container.log");
  }

  /** Goes with the run, as it speaks of that run's streams. */
  logPositionPath(id: string): string {
    return join(this.runFolder(id), "log-position");
  }

  runFolder(id: string): string {
    return join(this.parts.places.runRoot, "machines", shortId(id));
  }

  /** Says what happened to a container. */
  announce(action: string, record: ContainerRecord, more: Record<string, string> = {}): void {
    this.events.emit("container", action, record.id, {
      name: record.name,
      image: record.config.Image,
      ...record.config.Labels,
      ...more,
    });
  }

  /** Machines live on; only what this process holds is let go. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.runs.values()].map((run) => run.detach()));
    await this.supply[Symbol.asyncDispose]();
    await this.trash[Symbol.asyncDispose]();
    this.state[Symbol.dispose]();
    await this.parts.images[Symbol.asyncDispose]();
  }

  #wake(): void {
    for (const wake of this.#waiters) wake();
  }
}

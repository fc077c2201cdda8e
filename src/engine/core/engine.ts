import { DiskClaims } from "../../storage/disk-claims.ts";
import { VolumeMounts } from "../../storage/volume-mounts.ts";
import { mkdir } from "node:fs/promises";
import { isIPv4 } from "node:net";
import { join } from "node:path";
import type { ImageStore } from "../../image/store/image-store.ts";
import type { LayerDownloads } from "../../image/transfer/layer-downloads.ts";
import type { TransportOptions } from "../../image/registry/transport.ts";
import type { Kernel } from "../../kernel/kernel-catalogue.ts";
import type { Hypervisor } from "../../machine/machine.ts";
import type { TemplateStore } from "../../machine/template-store.ts";
import type { FileServers } from "../../sharing/shared-path.ts";
import type { DiskReserve } from "../../host/disk-reserve.ts";
import type { FreeSpace } from "../../host/free-space.ts";
import type { NetworkSwitch } from "../../network/network-switch.ts";
import type { ConfiguredResolver } from "../../network/host-resolver.ts";
import type { Forwarding } from "../../network/forwarder.ts";
import type { Refusal } from "../../network/egress/refusals.ts";
import type { Names } from "../../network/names/names.ts";
import type { Places } from "../../host/places.ts";
import type { PolicyPlace } from "../../image/trust/policy.ts";
import { type ContainerRecord, type FoundNeeds, StateStore } from "../records.ts";
import { ContainerStreams } from "../runs.ts";
import { Containers } from "./containers.ts";
import type { EngineSettings } from "./engine-settings.ts";
import { type EngineIdentity, engineIdentity } from "./engine-identity.ts";
import { EventLog } from "./events.ts";
import { ExecTable } from "./exec-table.ts";
import { Networks } from "./networks.ts";
import { type ForwarderPlace, Machines } from "./machines.ts";
import type { PoolLimits } from "../../supply/pool-size.ts";
import { MachineSupply } from "../../supply/machine-supply.ts";
import { tapName } from "../../network/switch/switch-types.ts";
import { PortClaims } from "./port-claims.ts";
import { RestartTimers } from "./restart-timers.ts";
import { SpaceWatch } from "./space-watch.ts";
import { Trash } from "./trash.ts";

export type { ContainerStatistics, ProcessList } from "../../agent/agent-types.ts";
export type { Image, ImageRemoval, ImageUsers } from "../../image/store/image-types.ts";
export { hostVersion } from "../../host/os-release.ts";

/** What the engine is made of; the composition root chooses the parts. */
export interface EngineParts {
  places: Places;
  /** As they are now. */
  settings(): EngineSettings;
  /** Space on the data root's disk that is given up when the daemon can't write. */
  reserve: DiskReserve;
  /** What the data root's disk still takes. */
  freeSpace(): Promise<FreeSpace>;
  images: ImageStore;
  downloads: LayerDownloads;
  /** How registries are spoken to. */
  registries: TransportOptions;
  hypervisor: Hypervisor;
  /** How guests reach files of the host. */
  fileServers: FileServers;
  hostCpus: number;
  hostMemoryBytes: number;
  /** What the host says of names, read anew at each start. */
  hostResolver(): Promise<ConfiguredResolver>;
  /** By which containers find each other. */
  names: Names;
  /** A kernel by name or path, or the best there is. */
  chooseKernel(want: string | undefined): Promise<Kernel>;
  /** What carries networks of containers. */
  switch: NetworkSwitch;
  /** Rate of the host's time stamp counter; undefined where it can't be told. */
  tscKhz(): Promise<number | undefined>;
  /** What carries connections into a machine. */
  forwarder(place: ForwarderPlace): Forwarding;
  templates: TemplateStore;
  /** Off: every machine is booted. */
  useTemplates: boolean;
  pool: PoolLimits;
  /** Where the policy lies that says which images may be used. */
  trust: PolicyPlace;
  log(message: string, level?: "debug" | "info" | "warn" | "error"): void;
}

/** All that use cases share: the parts, the records, and what lives in memory only. */
export class Engine implements AsyncDisposable {
  /** The same for as long as its data root lives. */
  readonly identity: EngineIdentity;
  readonly parts: EngineParts;
  readonly events = new EventLog();
  readonly execs = new ExecTable();
  /** What is mounted on folders of volumes. */
  readonly volumeMounts = new VolumeMounts();
  readonly diskClaims = new DiskClaims();
  readonly state: StateStore;
  readonly containers: Containers;
  readonly machines: Machines;
  readonly networks: Networks;
  readonly ports: PortClaims;
  readonly supply: MachineSupply;
  readonly restarts = new RestartTimers();
  readonly trash: Trash;
  readonly space: SpaceWatch;
  /** Images that are being tried, by image and command. */
  readonly fits = new Map<string, Promise<FoundNeeds>>();
  /** What egress rules have refused of containers that run, as it was last looked at. */
  readonly refusals = new Map<string, { packets: number; list: Refusal[] }>();
  readonly #streams = new Map<string, ContainerStreams>();

  private constructor(
    parts: EngineParts,
    identity: EngineIdentity,
    { state, trash }: { state: StateStore; trash: Trash },
  ) {
    this.identity = identity;
    this.parts = parts;
    this.state = state;
    this.trash = trash;
    const { dataRoot, runRoot } = parts.places;
    this.supply = new MachineSupply({ ...parts, dataRoot, runRoot, tapName });
    this.containers = new Containers(state);
    this.networks = new Networks(state, this.containers.list());
    this.ports = new PortClaims(() => this.containers.list());
    const { fileServers } = parts;
    const forwarder = (place: ForwarderPlace) => parts.forwarder(place);
    this.machines = new Machines(state, { runRoot, fileServers, forwarder });
    this.space = new SpaceWatch({ ...parts, dataRoot, running: () => this.machines.running() });
  }

  static async open(parts: EngineParts): Promise<Engine> {
    for (const folder of [join(parts.places.dataRoot, "containers"), parts.places.runRoot]) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    }
    const log = (message: string) => parts.log(message);
    const trash = await Trash.open(join(parts.places.dataRoot, "trash"), log);
    const makeRoom = () => parts.reserve.release();
    const state = new StateStore(join(parts.places.dataRoot, "state.db"), log, makeRoom);
    return new Engine(parts, await engineIdentity(parts.places.dataRoot), { state, trash });
  }

  /** A container's streams, which live as long as it does. */
  streams(id: string): ContainerStreams {
    const existing = this.#streams.get(id);
    if (existing !== undefined) return existing;
    const made = new ContainerStreams();
    this.#streams.set(id, made);
    return made;
  }

  forgetStreams(id: string): void {
    this.#streams.delete(id);
  }

  containerFolder(id: string): string {
    return join(this.parts.places.dataRoot, "containers", id);
  }

  logPath(id: string): string {
    return join(this.containerFolder(id), "container.log");
  }

  /** Of the container's own disk: what it changes of its image. */
  /** What its last start has put into its /etc, once there was one. */
  networkFiles(id: string): { hostname: string; hosts: string; resolver: string } {
    const folder = this.containerFolder(id);
    return {
      hostname: join(folder, "hostname"),
      hosts: join(folder, "hosts"),
      resolver: join(folder, "resolv.conf"),
    };
  }

  scratchPath(id: string): string {
    return join(this.containerFolder(id), "scratch.img");
  }

  /** Says what happened to a container. */
  announce(action: string, record: ContainerRecord, more: Record<string, string> = {}): void {
    this.events.emit("container", action, record.id, {
      name: record.name,
      image: record.imageName,
      ...record.labels,
      ...more,
    });
  }

  /** Why machines can't be on networks that the switch carries; undefined: they can. */
  async switchRefusal(): Promise<string | undefined> {
    const { hypervisor } = this.parts;
    if (!hypervisor.capabilities.cards.includes("tap"))
      return `the hypervisor ${hypervisor.name} has no cards for it`;
    return this.parts.switch.unusable();
  }

  /** What `host-gateway` means on networks of the switch: as in Docker, an address of IPv4. */
  async hostGateway(): Promise<string[]> {
    return (await this.parts.switch.hostAddresses()).filter(isIPv4);
  }

  /** Machines live on; only what this process holds is let go. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.restarts[Symbol.asyncDispose]();
    const runs = this.containers.list().flatMap(({ state }) => ("run" in state ? [state.run] : []));
    await this.space[Symbol.asyncDispose]();
    await Promise.all(runs.map((run) => run.detach()));
    await this.supply[Symbol.asyncDispose]();
    await this.parts.switch[Symbol.asyncDispose]();
    await this.trash[Symbol.asyncDispose]();
    this.state[Symbol.dispose]();
    await this.parts.images[Symbol.asyncDispose]();
  }
}

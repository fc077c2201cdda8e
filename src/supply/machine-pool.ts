import { mkdir, rename, rm } from "node:fs/promises";
import { freemem, totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describeError } from "../base/errors.ts";
import { newId, newMacAddress, shortId } from "../base/ids.ts";
import { isShort } from "../host/free-space.ts";
import type { MachineSpec } from "../machine/machine.ts";
import { withInterfaces, withoutPorts } from "../machine/nics.ts";
import { shapeKey, type Shape, type Template } from "../machine/template-store.ts";
import type { BootedMachine } from "./boot-machine.ts";
import { diskNames, emptied } from "./disk-names.ts";
import { disksFolder, machineFolder } from "./machine-folders.ts";
import type { MachineOrder, SupplyParts } from "./machine-order.ts";
import type { PoolLimits } from "./pool-size.ts";
import { spareScratch, takeScratch } from "./spare-scratch.ts";

/** Refilling waits until no start has come for so long: it shall not slow the next one down. */
const quietMs = 400;
/** A shape that nobody asked for in this time gives its machines back. */
const idleMs = 10 * 60_000;
const watchMs = 5_000;
/** With less of the host's memory free, all is given back; no refill before there is twice that. */
const pressureShare = 0.08;
/** The second one still finds code that the first has not run, a third hardly any. */
const rehearsals = 2;

interface Shelf {
  shape: Shape;
  order: MachineOrder;
  lastWanted: number;
  ready: ReadyMachine[];
  /** As far as is known. */
  hasTemplate: boolean;
  hasSpareScratch: boolean;
}

/** What the pool is filled by. */
interface Source {
  /** Made where there is none; undefined where it can't be. */
  template(shape: Shape, order: MachineOrder): Promise<Template | undefined>;
  clone(template: Template, spec: MachineSpec): Promise<BootedMachine>;
}

/**
 * What is made ready for containers to come: templates that hold their image, and clones of them.
 */
export class MachinePool implements AsyncDisposable {
  readonly #parts: SupplyParts;
  readonly #source: Source;
  readonly #shelves = new Map<string, Shelf>();
  readonly #timer: NodeJS.Timeout;
  #lastStart = 0;
  #filling: Promise<void> | undefined;
  readonly #closing = Promise.withResolvers<void>();
  #closed = false;

  constructor(parts: SupplyParts, source: Source) {
    this.#parts = parts;
    this.#source = source;
    this.#timer = setInterval(() => void this.#giveBack(), watchMs).unref();
  }

  get limits(): PoolLimits {
    return this.#parts.pool;
  }

  /** Machines that stand ready, by the key of their template. */
  ready(): Map<string, number> {
    return new Map([...this.#shelves].map(([key, { ready }]) => [key, ready.length]));
  }

  /** A ready machine of this shape. */
  take(key: string): ReadyMachine | undefined {
    this.#lastStart = performance.now();
    const shelf = this.#shelves.get(key);
    if (shelf === undefined) return undefined;
    shelf.lastWanted = this.#lastStart;
    const ready = shelf.ready.shift();
    this.#refill();
    return ready;
  }

  /** Someone started a machine of this shape: more of the kind may be asked for. */
  want(shape: Shape, order: MachineOrder): void {
    const key = shapeKey(shape);
    const { ready, hasTemplate } = this.#shelves.get(key) ?? { ready: [], hasTemplate: false };
    this.#lastStart = performance.now();
    this.#shelves.set(key, {
      ...{ shape, order, ready, hasTemplate },
      lastWanted: this.#lastStart,
      hasSpareScratch: false, // it was taken just now
    });
    this.#refill();
  }

  async forgetImages(ids: readonly string[]): Promise<void> {
    const unwanted = [...this.#shelves.values()].filter(({ shape }) => ids.includes(shape.image));
    await Promise.all(unwanted.map((shelf) => this.#giveUp(shelf)));
  }

  /** Removes the disks that an earlier daemon's pool has left; its machines must have ended. */
  async recover(): Promise<void> {
    await rm(disksFolder(this.#parts.dataRoot), { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#closing.resolve();
    clearInterval(this.#timer);
    await this.#filling;
    await this.#empty([...this.#shelves.values()]);
  }

  #refill(): void {
    this.#filling ??= this.#fill()
      .catch((error: unknown) => {
        this.#parts.log(`cannot fill the pool: ${describeError(error)}`);
      })
      .finally(() => (this.#filling = undefined));
  }

  async #fill(): Promise<void> {
    for (;;) {
      while (!this.#closed && performance.now() - this.#lastStart < quietMs)
        await Promise.race([delay(quietMs, undefined, { ref: false }), this.#closing.promise]);
      const isBadTime = memoryIsShort(2) || isShort(await this.#parts.freeSpace());
      const shelf = this.#closed || isBadTime ? undefined : this.#neediest();
      if (shelf === undefined) return;
      if (!(await this.#fillShelf(shelf))) await this.#giveUp(shelf);
    }
  }

  /** Makes what it lacks, of machines one; false: it can't be had. */
  async #fillShelf(shelf: Shelf): Promise<boolean> {
    const template = await this.#source.template(shelf.shape, shelf.order);
    if (template === undefined) return false;
    shelf.hasTemplate = true;
    if (this.#lacksMachine(shelf)) {
      const machine = await this.#makeReady(template, shelf.order);
      if (machine === undefined) return false;
      const isWanted = this.#shelves.get(shapeKey(shelf.shape))?.ready === shelf.ready;
      if (!isWanted) {
        await machine.end(); // given up meanwhile
        return true;
      }
      this.#keep(shelf, machine);
    }
    await spareScratch(template);
    shelf.hasSpareScratch = true;
    return true;
  }

  #lacksMachine(shelf: Shelf): boolean {
    const inAll = [...this.#shelves.values()].reduce((sum, { ready }) => sum + ready.length, 0);
    return inAll < this.#parts.pool.machines && shelf.ready.length < this.#parts.pool.perShape;
  }

  /** A machine that ends while it waits is none. */
  #keep(shelf: Shelf, machine: ReadyMachine): void {
    shelf.ready.push(machine);
    void machine.exited.then(async () => {
      const index = shelf.ready.indexOf(machine);
      if (index === -1) return;
      shelf.ready.splice(index, 1);
      await machine.end();
    });
  }

  /** The shape that was asked for last among those that have too little. */
  #neediest(): Shelf | undefined {
    return [...this.#shelves.values()]
      .filter((shelf) => !shelf.hasTemplate || !shelf.hasSpareScratch || this.#lacksMachine(shelf))
      .sort((a, b) => b.lastWanted - a.lastWanted)[0];
  }

  async #makeReady(template: Template, order: MachineOrder): Promise<ReadyMachine | undefined> {
    const id = newId();
    const runFolder = machineFolder(this.#parts.runRoot, id);
    const disks = disksFolder(this.#parts.dataRoot);
    const scratch = join(disks, `${shortId(id)}.img`);
    for (const folder of [runFolder, disks]) await mkdir(folder, { recursive: true, mode: 0o700 });
    const files = { runFolder, scratch };
    const tapName = (index: number) => this.#parts.tapName(id, index);
    const nics = withInterfaces(withoutPorts(order.spec.nics), tapName).map((nic) => ({
      ...nic,
      mac: newMacAddress(),
    }));
    try {
      await takeScratch(template, scratch);
      const booted = await this.#source.clone(template, {
        ...order.spec,
        id,
        disks: [
          ...order.spec.disks.slice(0, 1),
          { name: diskNames(0).scratch, format: "raw", path: scratch, readOnly: false },
          ...order.spec.disks.slice(2).map(emptied),
        ],
        nics,
        runFolder,
      });
      const ready = new ReadyMachine(booted, files, nics[0]?.mac);
      try {
        await ready.rehearse(order);
        return ready;
      } catch (error) {
        await ready.end();
        throw error;
      }
    } catch (error) {
      if (!this.#closed)
        this.#parts.log(`cannot make a machine for the pool: ${describeError(error)}`);
    }
    await removeFiles(files);
    return undefined;
  }

  /** Machines nobody asks for, and all when the host's memory is short. */
  async #giveBack(): Promise<void> {
    const isShort = memoryIsShort(1);
    const now = performance.now();
    const unused = [...this.#shelves.values()].filter(
      ({ lastWanted }) => isShort || now - lastWanted > idleMs,
    );
    await Promise.all(unused.map((shelf) => this.#giveUp(shelf)));
  }

  async #giveUp(shelf: Shelf): Promise<void> {
    this.#shelves.delete(shapeKey(shelf.shape));
    await this.#empty([shelf]);
  }

  async #empty(shelves: Shelf[]): Promise<void> {
    await Promise.all(shelves.flatMap(({ ready }) => ready.splice(0)).map((one) => one.end()));
  }
}

interface ReadyFiles {
  runFolder: string;
  scratch: string;
}

/** A clone that no container has yet. */
class ReadyMachine {
  /** Of its network card. */
  readonly mac: string | undefined;
  readonly #booted: BootedMachine;
  readonly #files: ReadyFiles;

  constructor(booted: BootedMachine, files: ReadyFiles, mac: string | undefined) {
    this.#booted = booted;
    this.#files = files;
    this.mac = mac;
  }

  get exited(): Promise<unknown> {
    return this.#booted.machine.exited;
  }

  /** By emulation much of a start's time is the translation of code that has not run before. */
  async rehearse({ rehearsed }: MachineOrder): Promise<void> {
    if (rehearsed === undefined) return;
    const { agent } = this.#booted;
    const setup = rehearsed.setup(this.mac);
    for (let times = 0; times < rehearsals; times += 1)
      await agent.rehearse(rehearsed.machine(), setup, rehearsed.process);
  }

  /** Makes it the machine that was ordered: it has a new disk already, which gets its place. */
  async outfit({ scratch, spec }: MachineOrder): Promise<BootedMachine> {
    await rename(this.#files.scratch, scratch.path);
    for (const disk of spec.disks.slice(2))
      if (disk.format !== "empty") await this.#booted.machine.insertDisk(disk.name, disk);
    return this.#booted;
  }

  async end(): Promise<void> {
    await this.#booted.agent[Symbol.asyncDispose]();
    await this.#booted.machine.kill();
    await removeFiles(this.#files);
  }
}

async function removeFiles({ runFolder, scratch }: ReadyFiles): Promise<void> {
  await rm(runFolder, { recursive: true, force: true });
  await rm(scratch, { force: true });
}

function memoryIsShort(factor: number): boolean {
  return freemem() < totalmem() * pressureShare * factor;
}

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { AgentClient } from "../../agent/agent-client.ts";
import { DvmError } from "../../base/errors.ts";
import { shortId } from "../../base/ids.ts";
import type { Machine } from "../../machine/machine.ts";
import type { Forwarding } from "../../network/forwarder.ts";
import type { FileServer } from "../../sharing/shared-path.ts";
import { diskNames, emptyDisks } from "../../supply/disk-names.ts";
import { leaveMachine } from "../../supply/leave-machine.ts";

/** So long a guest that wakes up has to take its new time. */
const clockDeadlineMs = 1_000;

interface MachineParts {
  machine: Machine;
  agent: AgentClient;
  forwarder: Forwarding;
  /** Its run folder, which goes with it. */
  folder: string;
  /** The file server, if it has one. */
  files: () => Promise<FileServer | undefined>;
  /** It came up for this daemon. */
  isNew: boolean;
  /** Whose disks each slot has: a container's id; null: nobody's. */
  slots: (string | null)[];
  /** How many of its cards are for networks of the switch. */
  cards: number;
  /** Is told when a slot has changed hands. */
  changed: (machine: RunningMachine) => void;
  /** Is told once it has gone. */
  gone: (id: string) => void;
}

/** What the names of all begin with that is shared with a container. */
export function shareNames(containerId: string): string {
  return `${shortId(containerId)}-`;
}

/** A machine with containers in it, and its agent. It goes with the last of them. */
export class RunningMachine {
  readonly id: string;
  readonly machine: Machine;
  readonly agent: AgentClient;
  /** What its guest knows that it may write, in bytes; undefined: an earlier daemon told it. */
  toldSpace: number | undefined;
  /** How many of its cards are for networks of the switch. */
  readonly cards: number;
  /** Of its connections. What is opened for a container goes with it. */
  readonly forwarder: Forwarding;
  readonly #parts: MachineParts;
  readonly #slots: (string | null)[];
  readonly #residents: Set<string>;
  #isEnding = false;
  #isStopped = false;
  #outOfSpace: DvmError | undefined;
  #leaving: Promise<unknown> = Promise.resolve();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: MachineParts) {
    this.id = parts.machine.id;
    this.machine = parts.machine;
    this.agent = parts.agent;
    this.cards = parts.cards;
    this.toldSpace = parts.isNew ? Infinity : undefined;
    this.forwarder = parts.forwarder;
    this.#parts = parts;
    this.#slots = [...parts.slots];
    this.#residents = new Set(parts.slots.filter((owner) => owner !== null));
    void parts.machine.exited.then(() => (this.#isEnding = true));
  }

  get slots(): readonly (string | null)[] {
    return this.#slots;
  }

  /** Its processors have been stopped: nobody in it runs. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** More than one container is in it. */
  get isShared(): boolean {
    return this.#residents.size > 1;
  }

  /** Why the machine stands still, when the host's disk has no room for what it writes. */
  get outOfSpace(): DvmError | undefined {
    return this.#outOfSpace;
  }

  /** Who asks its guest for something hears `reason`; undefined: it goes on. */
  hold(reason: DvmError | undefined): void {
    this.#outOfSpace = reason;
    this.agent.hold(reason);
  }

  /** Gives a container a place, by the number of its disks. */
  enter(containerId: string): number {
    const known = this.#slots.indexOf(containerId);
    const slot = known === -1 ? this.#slots.indexOf(null) : known;
    if (slot === -1 || this.#isEnding)
      throw new DvmError(
        "conflict",
        `cannot use machine ${shortId(this.id)}: ${this.#isEnding ? "it ends" : "it has no room for another container"}`,
        { hint: "start its first container with --room N for N more" },
      );
    this.#residents.add(containerId);
    this.toldSpace = undefined; // the new one's disk has heard of nothing
    this.#own(slot, containerId);
    return slot;
  }

  /** Stops its processors, where its one container stands still. Who comes into it wakes it. */
  async stop(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.isShared) return;
      await this.machine.pause();
      this.#isStopped = true;
    });
  }

  /** Has it go on after that. Its clock is right before anything of a frozen container runs. */
  async wake(): Promise<void> {
    await this.#inTurn(() => this.#wake());
  }

  async #wake(): Promise<void> {
    if (!this.#isStopped) return;
    await this.machine.resume();
    this.#isStopped = false;
    // a guest that has hung, or is too busy, must not keep it from going on
    const late = delay(clockDeadlineMs, undefined, { ref: false });
    await Promise.race([this.agent.correctClock().catch(() => {}), late]);
  }

  /** Where it is kept how much of a container's output is in its log. */
  logPosition(containerId: string): string {
    return join(this.#parts.folder, `${shortId(containerId)}.log-position`);
  }

  /**
   * A container is over. The last one ends the machine: in order, with all disks synced, or at once
   * when nothing of them is kept. Others go on.
   */
  async leave(containerId: string, options: { keepsDisks: boolean }): Promise<void> {
    const leaving = this.#leaving.then(() => this.#leave(containerId, options));
    this.#leaving = leaving.catch(() => {}); // it is told to who waits for that one
    await leaving;
  }

  /** Frees the places of containers that are none any more: their daemon was killed in between. */
  async clear(isOver: (containerId: string) => boolean): Promise<void> {
    for (const [slot, owner] of this.#slots.entries()) {
      if (owner === null || !isOver(owner)) continue;
      this.#residents.delete(owner);
      await this.#free(slot, owner);
    }
  }

  /** Ends it at once, whatever is in it. */
  async end(): Promise<void> {
    this.#isEnding = true;
    const files = await this.#parts.files();
    await this.machine.kill();
    await this.forwarder.end();
    await files?.gone; // and with it the locks that the guest had
    await this.agent[Symbol.asyncDispose]();
    await rm(this.#parts.folder, { recursive: true, force: true });
    this.#parts.gone(this.id);
  }

  async #inTurn(action: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(action);
    this.#turn = done.catch(() => {}); // it is told to who waits for that one
    await done;
  }

  async #leave(containerId: string, { keepsDisks }: { keepsDisks: boolean }): Promise<void> {
    this.#residents.delete(containerId);
    if (this.#residents.size === 0) return this.#endInOrder(keepsDisks);
    if (this.#isEnding) return;
    await this.#free(this.#slots.indexOf(containerId), containerId);
  }

  /** Takes a container and its disks away, so that another may come. */
  async #free(slot: number, containerId: string): Promise<void> {
    await this.forwarder.release(containerId);
    await this.#destroy(containerId);
    await (await this.#parts.files())?.remove(shareNames(containerId));
    await this.#takeDisks(slot);
    await rm(this.logPosition(containerId), { force: true });
    this.#own(slot, null);
  }

  /** One whose creation has failed is none that the guest knows. */
  async #destroy(containerId: string): Promise<void> {
    try {
      await this.agent.destroyContainer(containerId);
    } catch (error) {
      if (!(error instanceof DvmError) || error.code !== "not-found") throw error;
    }
  }

  async #endInOrder(keepsDisks: boolean): Promise<void> {
    this.#isEnding = true;
    if (keepsDisks) await leaveMachine(this);
    await this.end();
  }

  /** The guest has let go of them. */
  async #takeDisks(slot: number): Promise<void> {
    const { image, scratch } = diskNames(slot);
    const empty = emptyDisks(slot);
    await this.machine.ejectDisk(image, empty.image);
    await this.machine.ejectDisk(scratch, empty.scratch);
  }

  #own(slot: number, owner: string | null): void {
    if (this.#slots[slot] === owner) return;
    this.#slots[slot] = owner;
    this.#parts.changed(this);
  }
}

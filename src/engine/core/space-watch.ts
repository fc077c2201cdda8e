import type { AgentClient } from "../../agent/agent-client.ts";
import { describeError, DvmError } from "../../base/errors.ts";
import { shortId } from "../../base/ids.ts";
import type { DiskReserve } from "../../host/disk-reserve.ts";
import type { FreeSpace } from "../../host/free-space.ts";
import type { Machine } from "../../machine/machine.ts";
import type { ContainerState } from "../records.ts";

const lookMs = 1_000;
/** Quotas and file systems that count otherwise stop machines on disks that seem to have room. */
const looksToAll = 30;
/** Below this a machine may have been stopped. */
const low = { bytes: 64 * 2 ** 20, part: 0.04, files: 64 };
/** What stays free when guests have written all that they may. */
const kept = { bytes: 96 * 2 ** 20, part: 0.06 };
/** With so much free beside that, no guest needs to know. */
const plentyBytes = 4 * 2 ** 30;
/** A smaller change isn't told. */
const changeBytes = 2 ** 20;
/** From here on it is worth while to go on. */
const enough = { bytes: 32 * 2 ** 20, part: 0.02 };
/** One that was told to go on in vain waits twice as long, up to this. */
const mostWaitMs = 30_000;

/** A machine that no container can be reached in before it goes on. */
export interface ParkedMachine {
  machine: Machine;
  reason: DvmError;
  /** Tries to have its containers again, now that it runs. */
  takeUp(): Promise<void>;
  isBeingTakenUp: boolean;
}

/** A machine whose agent answers, unless the disk is full. */
export interface WatchedMachine {
  readonly id: string;
  readonly machine: Machine;
  readonly agent: AgentClient;
  /** Why it stands still. */
  readonly outOfSpace: DvmError | undefined;
  /** What its guest knows that it may write, in bytes; undefined: nobody knows. */
  toldSpace: number | undefined;
  /** It stands still, as `reason` says; undefined: it goes on. */
  hold(reason: DvmError | undefined): void;
}

interface WatchParts {
  dataRoot: string;
  freeSpace(): Promise<FreeSpace>;
  reserve: DiskReserve;
  running(): WatchedMachine[];
  log(message: string): void;
}

interface GuardedMachine extends Disposable {
  /** Why it was ended. */
  reason(): DvmError | undefined;
}

interface Attempt {
  at: number;
  waitMs: number;
}

/**
 * Looks after machines that stand still because the host's disk is full: says why to who asks for
 * something, and has them go on when there is room. Restores the daemon's reserve.
 */
export class SpaceWatch implements AsyncDisposable {
  /** By their ids. */
  readonly parked = new Map<string, ParkedMachine>();
  readonly #parts: WatchParts;
  readonly #others = new Set<WatchedMachine>();
  readonly #attempts = new Map<string, Attempt>();
  readonly #timer: NodeJS.Timeout;
  #looking: Promise<void> | undefined;
  #looks = 0;
  #isClosed = false;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#look(), lookMs).unref();
  }

  /** Why the guest of a machine can't go on; it is told to its containers. */
  reason(): DvmError {
    const { dataRoot } = this.#parts;
    return new DvmError(
      "no-space",
      `the machine stands still: no space left on device, on the host's disk of ${dataRoot}`,
      { hint: "it goes on by itself when there is room; stop, kill and rm -f end it at once" },
    );
  }

  /** Why a container that runs can't go on; undefined: it can. */
  troubleOf(state: ContainerState): string | undefined {
    if ("run" in state) return state.run.machine.outOfSpace?.message;
    return "machineId" in state ? this.parked.get(state.machineId)?.reason.message : undefined;
  }

  /** Before a guest is asked for something: whether it stands still is known when this returns. */
  async check(machine: WatchedMachine): Promise<void> {
    const space = await this.#parts.freeSpace();
    if (isLow(space) || machine.outOfSpace !== undefined) await this.#lookAt(machine, space);
  }

  /** Looks after a machine that no container runs in. One that would have to stand still is ended. */
  guard({ machine, agent }: Pick<WatchedMachine, "machine" | "agent">): GuardedMachine {
    const guarded: WatchedMachine & { outOfSpace: DvmError | undefined } = {
      ...{ id: machine.id, machine, agent, outOfSpace: undefined, toldSpace: Infinity },
      hold(reason) {
        guarded.outOfSpace = reason;
        if (reason !== undefined) void machine.kill();
      },
    };
    this.#others.add(guarded);
    return {
      reason: () => guarded.outOfSpace,
      [Symbol.dispose]: () => void this.#others.delete(guarded),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#looking;
  }

  #look(): void {
    this.#looking ??= this.#lookAround()
      .catch((error: unknown) =>
        this.#parts.log(`cannot look after the disk's space: ${describeError(error)}`),
      )
      .finally(() => (this.#looking = undefined));
  }

  async #lookAround(): Promise<void> {
    const space = await this.#parts.freeSpace();
    const isTurnOfAll = (this.#looks += 1) % looksToAll === 0;
    const all = [...this.#parts.running(), ...this.#others];
    for (const machine of all)
      if (isLow(space) || isTurnOfAll || machine.outOfSpace !== undefined)
        await this.#lookAt(machine, space);
    for (const machine of all) this.#tell(machine, space);
    for (const id of this.parked.keys()) await this.#lookAtParked(id, space);
    if (!isLow(space) && !this.#isClosed) await this.#parts.reserve.restore();
  }

  /** Who writes shall get an error, as on the host itself, before the machine must stand still. */
  #tell(running: WatchedMachine, space: FreeSpace): void {
    const rest = Math.max(0, space.bytes - Math.min(kept.bytes, space.totalBytes * kept.part));
    const bytes = rest > plentyBytes ? Infinity : rest;
    const known = running.toldSpace;
    const isKnown =
      known !== undefined && (known === bytes || Math.abs(known - bytes) < changeBytes);
    if (isKnown || running.outOfSpace !== undefined) return;
    running.toldSpace = bytes;
    // it is told again when that changes; a machine that stands still has other cares
    running.agent.limitSpace(bytes).catch(() => (running.toldSpace = undefined));
  }

  async #lookAt(running: WatchedMachine, space: FreeSpace): Promise<void> {
    const { id, machine } = running;
    const before = running.outOfSpace;
    const stands = await goesOnOrStands(machine, this.#mayGoOn(id, space));
    if (stands === undefined || stands === (before !== undefined)) return;
    running.hold(stands ? this.reason() : undefined);
    // its clock stood still with it
    if (!stands) running.agent.correctClock().catch(() => {});
    this.#parts.log(
      stands
        ? `machine ${shortId(id)} stands still: no space left on device for what it writes`
        : `machine ${shortId(id)} goes on: there is room on the disk again`,
    );
  }

  async #lookAtParked(id: string, space: FreeSpace): Promise<void> {
    const parked = this.parked.get(id);
    if (parked === undefined) return;
    const stands = await goesOnOrStands(parked.machine, this.#mayGoOn(id, space));
    if (stands !== false || parked.isBeingTakenUp) return;
    parked.isBeingTakenUp = true;
    // nobody else waits for a guest that has much to write before it answers
    parked.takeUp().catch((error: unknown) => {
      this.#parts.log(`cannot take up machine ${shortId(id)}: ${describeError(error)}`);
    });
  }

  #mayGoOn(id: string, space: FreeSpace): () => boolean {
    return () => {
      if (this.#isClosed || !hasEnough(space)) return false;
      const now = performance.now();
      const last = this.#attempts.get(id);
      if (last !== undefined && now - last.at < last.waitMs) return false;
      const isInVain = last !== undefined && now - last.at < 2 * last.waitMs;
      const waitMs = isInVain ? Math.min(2 * last.waitMs, mostWaitMs) : lookMs;
      this.#attempts.set(id, { at: now, waitMs });
      return true;
    };
  }
}

/**
 * Whether it stands still for want of space, after it was told to go on where it may. Undefined: it
 * has just gone, or will be found to have hung.
 */
async function goesOnOrStands(
  machine: Machine,
  mayGoOn: () => boolean,
): Promise<boolean | undefined> {
  try {
    if (!(await machine.isOutOfSpace())) return false;
    if (!mayGoOn()) return true;
    await machine.resume();
    return await machine.isOutOfSpace();
  } catch {
    return undefined;
  }
}

function isLow({ bytes, totalBytes, files }: FreeSpace): boolean {
  return bytes < Math.min(low.bytes, totalBytes * low.part) || files < low.files;
}

function hasEnough({ bytes, totalBytes }: FreeSpace): boolean {
  return bytes >= Math.min(enough.bytes, totalBytes * enough.part);
}

import { bothClocks } from "../base/both-clocks.ts";
import type {
  AgentHello,
  BootReport,
  CardSetup,
  ClockReading,
  ContainerLimits,
  ContainerSetup,
  ContainerStatistics,
  MachinePreparation,
  MachineSetup,
  NamingChange,
  ProcessList,
  ProcessSpec,
} from "./agent-types.ts";
import type { DvmError } from "../base/errors.ts";
import { Conversation } from "./conversation.ts";
import type { GuestProcess } from "./guest-process.ts";
import { encodeHealthCheck, type HealthCheck, type HealthReport } from "./health.ts";
import {
  decodeBootReport,
  decodeClockError,
  decodeResumed,
  encodeCard,
  encodeCardIndex,
  encodeClock,
  encodeContainer,
  encodeContainerId,
  encodeMachine,
  encodeNames,
  encodePreparation,
  encodeProcess,
  encodeUpdate,
} from "./messages.ts";
import { decodeProcesses, decodeStatistics } from "./measurements.ts";
import { request, usesOperation, type ContainerState } from "./protocol.ts";
import { decodeUses, type UsesRecord } from "./uses.ts";
import { MessageReader, MessageWriter } from "./wire.ts";

export { unconfined } from "./confinement.ts";
export type { Confinement, DeviceRule, GuestDevice, SystemCallFilter } from "./confinement.ts";
export type {
  BootReport,
  CardSetup,
  ContainerDisks,
  ContainerLimits,
  ContainerSetup,
  ContainerStatistics,
  GuestMount,
  MachineSetup,
  NamingChange,
  NamingSetup,
  ProcessSpec,
} from "./agent-types.ts";
export type { GuestProcess } from "./guest-process.ts";
export type { HealthCheck, HealthReport } from "./health.ts";

/** A guest's clock is set right to half of this at least; SPECIFICATION.md promises 50 ms. */
const clockIntervalMs = 60;
const clockTries = 5;
/** There is more time for it when a machine runs already. */
const goodIntervalMs = 10;
const unlimited = 2n ** 64n - 1n;
/** The clocks of host and guest drift apart in longer times. */
const freshMs = 1_000;

/** When the clock was asked for and answered, by `performance.now()`, and what the guest's showed. */
interface ClockInterval {
  from: number;
  to: number;
  guestNs: bigint;
}

interface Measuring {
  known: ClockInterval;
  enoughMs: number;
  isPatient?: boolean;
}

/** A container that was there before this host came. */
export interface FoundContainer {
  state: ContainerState;
  /** Its main process; undefined before it was started. */
  main: GuestProcess | undefined;
  /** All, the main one first. */
  processes: GuestProcess[];
}

/** A container's first program, and what it needs before. */
export interface Launch {
  /** For the machine's first container: the machine is not set up yet. */
  machine?: MachineSetup;
  id: string;
  setup: ContainerSetup;
  spec: ProcessSpec;
}

/**
 * The conversation with one machine's agent. Containers are named by the host: 1 to 64 of
 * `0-9a-zA-Z_.-`. The guest is not trusted: a broken rule ends the conversation.
 */
export class AgentClient implements AsyncDisposable {
  readonly hello: AgentHello;
  /** When the hello came in, by `performance.now()`. */
  readonly helloAt: number;
  /** Settles when the channel has gone. */
  readonly closed: Promise<void>;
  readonly #conversation: Conversation;

  private constructor(conversation: Conversation) {
    this.#conversation = conversation;
    this.hello = conversation.hello;
    this.helloAt = conversation.greeted.to;
    this.closed = conversation.closed;
  }

  /** Connects and waits for the agent's hello; tries until the deadline, as the machine may boot. */
  static async connect(
    socketPath: string,
    options: { signal?: AbortSignal; deadlineMs: number },
  ): Promise<AgentClient> {
    return new AgentClient(await Conversation.open(socketPath, options));
  }

  /** Does ahead what needs no knowledge of the first container, so that a template holds it. */
  async prepare(preparation: MachinePreparation): Promise<void> {
    await this.#conversation.request(request.prepare, encodePreparation(preparation));
  }

  /**
   * Has a machine that waits do what {@link launch} will ask of it, as far as nothing stays of it,
   * so that it is quicker then. Of `spec` the program is only read; its image must be there.
   */
  async rehearse(machine: MachineSetup, setup: ContainerSetup, spec: ProcessSpec): Promise<void> {
    const head = encodeMachine(machine, await this.#readClock());
    const payload = [head, encodeContainer("", setup), encodeProcess(spec)];
    await this.#conversation.request(request.rehearse, Buffer.concat(payload));
  }

  /** Makes the machine one of its own: entropy and clock. Once, before its first container. */
  async setUp(machine: MachineSetup): Promise<void> {
    const clock = await this.#readClock();
    await this.#conversation.request(request.setUp, encodeMachine(machine, clock));
  }

  /**
   * Makes a container up to its first process, which waits. `machine`: the machine is set up with it,
   * without a wait between both.
   */
  async createContainer(id: string, setup: ContainerSetup, machine?: MachineSetup): Promise<void> {
    const clock = machine === undefined ? undefined : await this.#readClock();
    await this.#create({ id, setup, machine, clock });
  }

  /** Creates a container and starts its main process, all that without a wait in between. */
  async launch({ machine, id, setup, spec }: Launch): Promise<GuestProcess> {
    const clock = machine === undefined ? undefined : await this.#readClock();
    const creating = this.#create({ id, setup, machine, clock });
    const starting = this.start(id, spec);
    starting.catch(() => {}); // after a creation that failed it fails too, and says less
    await creating;
    return starting;
  }

  /** Gives a container that was created its main process. */
  async start(id: string, spec: ProcessSpec): Promise<GuestProcess> {
    const payload = Buffer.concat([encodeContainerId(id), encodeProcess(spec)]);
    const owner = { container: id, stdin: spec.stdin };
    return this.#conversation.startProcess(request.start, payload, owner);
  }

  /** Starts a further process in a container. */
  async exec(id: string, spec: ProcessSpec): Promise<GuestProcess> {
    const payload = Buffer.concat([encodeContainerId(id), encodeProcess(spec)]);
    const owner = { container: id, stdin: spec.stdin };
    return this.#conversation.startProcess(request.exec, payload, owner);
  }

  /** Has the agent check a container's health from now on, until it ends. */
  async checkHealth(id: string, check: HealthCheck): Promise<void> {
    await this.#conversation.request(request.health, encodeHealthCheck(id, check));
  }

  /** Tells of a container's probes: of the last ones at once, if the agent has told of some already. */
  onHealth(id: string, listener: (report: HealthReport) => void): void {
    this.#conversation.health.listen(id, listener);
  }

  /** Tells how many of a container's processes were killed for want of memory, when it is more. */
  onMemoryKills(id: string, listener: (kills: number) => void): void {
    this.#conversation.memoryKills.listen(id, listener);
  }

  /** Starts the agent's own process that moves files; see `guest-files.ts`. */
  async moveFiles(
    id: string,
    payload: Buffer,
    { stdin }: { stdin: boolean },
  ): Promise<GuestProcess> {
    const whole = Buffer.concat([encodeContainerId(id), payload]);
    return this.#conversation.startProcess(request.files, whole, { container: id, stdin });
  }

  /** The container's processes stand still until {@link thaw}; the agent and others don't. */
  async freeze(id: string): Promise<void> {
    const take = (_: Buffer, isLate: boolean) => {
      if (isLate) this.thaw(id).catch(() => {}); // who asked for it has heard that it isn't so
    };
    await this.#conversation.request(request.freeze, encodeContainerId(id), { take });
  }

  /** One that is held goes on when its machine does. */
  async thaw(id: string): Promise<void> {
    const payload = encodeContainerId(id);
    await this.#conversation.request(request.thaw, payload, { whenHeld: "settle" });
  }

  /** Other limits for a container that runs. */
  async update(id: string, limits: ContainerLimits): Promise<void> {
    await this.#conversation.request(request.update, encodeUpdate(id, limits));
  }

  /**
   * Puts one of the machine's cards into a container that runs, or sets one that it has up anew: what
   * the card had before goes.
   */
  async attachCard(id: string, card: CardSetup): Promise<void> {
    await this.#conversation.request(request.attachCard, encodeCard(id, card));
  }

  /** Takes a card out of a container that runs: no network is behind it any more. Idempotent. */
  async detachCard(id: string, index: number): Promise<void> {
    await this.#conversation.request(request.detachCard, encodeCardIndex(id, index));
  }

  /** Changes what a running container finds others by. */
  async changeNames(id: string, change: NamingChange): Promise<void> {
    await this.#conversation.request(request.names, encodeNames(id, change));
  }

  async processes(id: string): Promise<ProcessList> {
    const answer = await this.#conversation.request(request.processes, encodeContainerId(id));
    return decodeProcesses(answer);
  }

  async statistics(id: string): Promise<ContainerStatistics> {
    const answer = await this.#conversation.request(request.statistics, encodeContainerId(id));
    return decodeStatistics(answer);
  }

  /**
   * Kills what is left of a container and takes its disks and shares out of use: others may be put in
   * their place then, and its id be given again. Output that wasn't read yet is lost.
   */
  async destroyContainer(id: string): Promise<void> {
    const take = () => this.#conversation.forget(id);
    const asking = { take, whenHeld: "wait" } as const;
    await this.#conversation.request(request.destroy, encodeContainerId(id), asking);
  }

  /** All containers and processes that the agent knows; for a host that came back. */
  async resume(): Promise<Map<string, FoundContainer>> {
    const found = new Map<string, FoundContainer>();
    // the processes must be known before the frames after the answer, which are their output
    const take = (result: Buffer) => {
      const { containers, processes } = decodeResumed(result);
      for (const { id, state } of containers)
        found.set(id, { state, main: undefined, processes: [] });
      for (const one of processes) {
        const container = containers[one.container]?.id ?? "";
        const owner = { container, isKept: one.isMain };
        const process = this.#conversation.know(one, one, owner);
        const place = found.get(container);
        if (one.isMain && place !== undefined) place.main = process;
        if (one.isMain) place?.processes.unshift(process);
        else place?.processes.push(process);
      }
    };
    await this.#conversation.request(request.resume, undefined, { take });
    return found;
  }

  /** Whether the machine, or a container of it, is made to stand still: then no answer is waited for. */
  standStill(isStill: boolean): void {
    this.#conversation.standStill(isStill);
  }

  /**
   * The guest is held, as `reason` says: who asks it for something hears that at once. Undefined: it
   * goes on.
   */
  hold(reason: DvmError | undefined): void {
    this.#conversation.hold(reason);
  }

  get isHeld(): boolean {
    return this.#conversation.isHeld;
  }

  /** The containers' own disks take only so many bytes more; infinite: as many as they have. */
  async limitSpace(bytes: number): Promise<void> {
    const limit = Number.isFinite(bytes) ? BigInt(Math.floor(bytes)) : unlimited;
    await this.#conversation.request(request.space, new MessageWriter().u64(limit).finish());
  }

  /** What the boot came to, asked before a container runs. */
  async bootReport(): Promise<BootReport> {
    return decodeBootReport(await this.#conversation.request(request.boot));
  }

  /** From now on the kernel notes what containers use of it; `unsupported` where it can't. */
  async beginRecord(): Promise<void> {
    const payload = new MessageWriter().u8(usesOperation.begin).finish();
    await this.#conversation.request(request.record, payload);
  }

  /** What was used since {@link beginRecord}. */
  async readRecord(): Promise<UsesRecord> {
    const payload = new MessageWriter().u8(usesOperation.read).finish();
    return decodeUses(await this.#conversation.request(request.record, payload));
  }

  /**
   * Sets the guest's wall clock right: it stands still while the machine does, and drifts. Its
   * monotonic clock never jumps. Gives how many milliseconds it was behind; negative: ahead. Waits
   * as long as the guest gives no answer.
   */
  async correctClock(): Promise<number> {
    const known = { from: -Infinity, to: 0, guestNs: 0n };
    const reading = await this.#measureClock({ known, enoughMs: goodIntervalMs, isPatient: true });
    const payload = encodeClock(reading);
    const asking = { isPatient: true };
    return decodeClockError(await this.#conversation.request(request.setClock, payload, asking));
  }

  /**
   * Ends all containers, syncs and unmounts the disks; then the machine leaves by itself. One that is
   * held does so when it goes on.
   */
  async shutDown(): Promise<void> {
    await this.#conversation.request(request.shutDown, undefined, { whenHeld: "wait" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#conversation.close();
  }

  /** Both go out at once: the agent does one after the other, and no answer is waited for. */
  async #create({
    id,
    setup,
    machine,
    clock,
  }: Pick<Launch, "id" | "setup"> & {
    machine: MachineSetup | undefined;
    clock: ClockReading | undefined;
  }): Promise<void> {
    const settingUp =
      machine && clock
        ? this.#conversation.request(request.setUp, encodeMachine(machine, clock))
        : undefined;
    const creating = this.#conversation.request(request.create, encodeContainer(id, setup));
    creating.catch(() => {}); // after a set-up that failed it fails too, and says less
    await settingUp;
    await creating;
  }

  /** By the hello, if that is fresh. */
  async #readClock(): Promise<ClockReading> {
    const { from, to } = this.#conversation.greeted;
    const isFresh = performance.now() - to < freshMs;
    const known = { from: isFresh ? from : -Infinity, to, guestNs: this.hello.monotonicNs };
    return this.#measureClock({ known, enoughMs: clockIntervalMs });
  }

  /** Asks until the answer took so little time that half of it is an error nobody minds. */
  async #measureClock({ known, enoughMs, isPatient = false }: Measuring): Promise<ClockReading> {
    let best = known;
    for (let tries = 0; best.to - best.from > enoughMs && tries < clockTries; tries += 1) {
      const from = performance.now();
      const answer = await this.#conversation.request(request.clock, undefined, { isPatient });
      const to = performance.now();
      if (to - from < best.to - best.from)
        best = { from, to, guestNs: new MessageReader(answer).u64() };
    }
    const { wallMs, atMs, doubtMs } = bothClocks();
    const hostMs = wallMs - (atMs - (best.from + best.to) / 2);
    return {
      guestNs: best.guestNs,
      hostNs: BigInt(Math.round(hostMs * 1e6)),
      doubtNs: BigInt(Math.ceil(((best.to - best.from) / 2 + doubtMs) * 1e6)),
    };
  }
}

import { setTimeout as delay } from "node:timers/promises";
import type { GuestProcess } from "../../agent/agent-client.ts";
import type { ContainerLog } from "./logs/container-log.ts";
import type { OutputStream } from "./logs/log-line.ts";
import type { ContainerStreams } from "./container-streams.ts";
import type { RunningMachine } from "./running-machine.ts";

/** How long output may still come after the process has gone. */
const lastOutputDeadlineMs = 5_000;
export const killSignal = 9;
/** How long a guest may take to end a process that got SIGKILL before its machine is ended. */
export const killDeadlineMs = 5_000;

/** How long who reads a container's files may keep it from being over. */
const useDeadlineMs = 20_000;
/** And how long who takes nothing of what there is to read. */
const stalledMs = 3_000;

/** How a run ended. `lost`: its machine went away without telling. */
export type RunEnd =
  | { kind: "exited"; exitCode: number; oomKilled: boolean }
  | { kind: "lost"; console: string; killed: boolean };

interface RunParts {
  containerId: string;
  machine: RunningMachine;
  main: GuestProcess;
  streams: ContainerStreams;
  log: ContainerLog;
  tty: boolean;
}

/** Somebody reads the container's files. */
interface Use {
  settled: Promise<unknown>;
  /** When something was taken last; Infinity: that isn't told. */
  progressAt: number;
}

/** One run of a container: the machine it is in, its main process, and the flow of output. */
export class Run {
  readonly machine: RunningMachine;
  readonly main: GuestProcess;
  /** Set by `kill` when the guest is past listening. */
  #killed = false;
  /** A process of it was killed for want of memory. */
  ranOutOfMemory = false;
  /** How many have asked for its stop, and wait for it. */
  stops = 0;
  /** Its process has ended. */
  isOver = false;
  /** Its end is not the container's: another run comes. */
  willStartAgain = false;
  readonly #uses = new Set<Use>();
  readonly #containerId: string;
  #detached = false;
  readonly #log: ContainerLog;
  readonly #pumps: Promise<unknown>;

  constructor(parts: RunParts) {
    this.#containerId = parts.containerId;
    this.machine = parts.machine;
    this.main = parts.main;
    this.#log = parts.log;
    parts.streams.connectInput(parts.main.stdin);
    const pump = async (stream: OutputStream) => {
      const output = parts.main[stream];
      let known = Math.max(0, this.#log.kept(stream) - Number(output.start));
      for await (const chunk of output) {
        const news = chunk.subarray(Math.min(known, chunk.length));
        known -= chunk.length - news.length;
        if (news.length === 0) continue;
        output.hold(await this.#log.write(stream, news));
        await parts.streams.write(stream, news);
      }
    };
    const names: OutputStream[] = parts.tty ? ["stdout"] : ["stdout", "stderr"];
    this.#pumps = Promise.allSettled(names.map(pump));
  }

  /** Settles when the process has ended and all its output is kept; undefined after {@link detach}. */
  async ended(): Promise<RunEnd | undefined> {
    const end = await Promise.race([
      this.main.exited.then(
        (exit): RunEnd => ({ kind: "exited", ...exit }),
        () => this.#lost(),
      ),
      this.machine.machine.exited.then(() => this.#lostSoon()),
    ]);
    if (this.#detached) return undefined;
    this.isOver = true;
    await Promise.race([this.#pumps, delay(lastOutputDeadlineMs, undefined, { ref: false })]);
    await this.#log.end();
    return end;
  }

  /**
   * Keeps the container in its machine for as long as `action` takes, should it end meanwhile, and
   * as it tells of progress, if it does; undefined, and nothing is begun, when it has.
   */
  async use<T>(action: (progress: () => void) => Promise<T>): Promise<{ value: T } | undefined> {
    if (this.isOver) return undefined;
    const use: Use = { settled: Promise.resolve(), progressAt: Infinity };
    const done = action(() => (use.progressAt = performance.now()));
    use.settled = done.catch(() => {});
    this.#uses.add(use);
    try {
      return { value: await done };
    } finally {
      this.#uses.delete(use);
    }
  }

  /** Takes the container out of its machine; `keepsDisks`: they will be read again. */
  async release(options: { keepsDisks: boolean }): Promise<void> {
    const late = delay(useDeadlineMs, undefined, { ref: false });
    await Promise.race([Promise.all([...this.#uses].map(endOrStall)), late]);
    await this.machine.leave(this.#containerId, options);
  }

  /** Ends a run at once, and its machine with it if nobody else is in that, or its guest has hung. */
  async kill(): Promise<void> {
    this.#killed = true;
    const { isShared, outOfSpace } = this.machine;
    if (isShared && outOfSpace === undefined && (await this.#endsBySignal())) return;
    await this.machine.machine.kill();
  }

  /** Everything of the container stands still. */
  async pause(): Promise<void> {
    const { agent } = this.machine;
    // so that nothing of it runs when its machine must, for a moment or for another's sake
    await agent.freeze(this.#containerId);
    await this.machine.stop();
    agent.standStill(true);
  }

  async resume(): Promise<void> {
    const { agent } = this.machine;
    agent.standStill(false);
    await this.machine.wake();
    await agent.thaw(this.#containerId);
  }

  /** Has the agent of a paused container's machine answer for so long; the container stands still. */
  async whileAwake<T>(action: () => Promise<T>): Promise<T> {
    const { agent, isStopped } = this.machine;
    if (!isStopped) return action();
    agent.standStill(false);
    await this.machine.wake();
    try {
      return await action();
    } finally {
      await this.machine.stop();
      agent.standStill(true);
    }
  }

  /** Lets go of the machine, which lives on. */
  async detach(): Promise<void> {
    this.#detached = true;
    await this.machine.agent[Symbol.asyncDispose]();
    await this.#log[Symbol.asyncDispose]();
  }

  async #endsBySignal(): Promise<boolean> {
    const { agent } = this.machine;
    // one that stands still would not hear of it
    await agent.thaw(this.#containerId).catch(() => {});
    await this.main.signal(killSignal).catch(() => {}); // it may have ended meanwhile
    const ended = this.main.exited.then(
      () => true,
      () => true,
    );
    return Promise.race([ended, delay(killDeadlineMs, false, { ref: false })]);
  }

  /** The exit code may still be on its way when the machine has gone. */
  async #lostSoon(): Promise<RunEnd> {
    const last = this.main.exited.then(
      (exit): RunEnd => ({ kind: "exited", ...exit }),
      () => undefined,
    );
    const late = await Promise.race([last, delay(100, undefined, { ref: false })]);
    return late ?? this.#lost();
  }

  async #lost(): Promise<RunEnd> {
    return {
      kind: "lost",
      console: await this.machine.machine.consoleTail(),
      killed: this.#killed,
    };
  }
}

async function endOrStall(use: Use): Promise<void> {
  let hasEnded = false;
  const ended = use.settled.then(() => (hasEnded = true));
  for (;;) {
    const left = Math.min(use.progressAt + stalledMs - performance.now(), stalledMs);
    if (hasEnded || left <= 0) return;
    await Promise.race([ended, delay(left, undefined, { ref: false })]);
  }
}

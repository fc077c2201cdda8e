import { setTimeout as delay } from "node:timers/promises";
import type { AgentClient, GuestProcess } from "../agent/agent-client.ts";
import type { Machine } from "../machine/machine.ts";
import { ContainerLog, type OutputStream } from "./container-log.ts";
import type { ContainerStreams } from "./container-streams.ts";
import { leaveMachine } from "./leave-machine.ts";

/** How long output may still come after the process has gone. */
const lastOutputDeadlineMs = 5_000;

/** How a run ended. `lost`: its machine went away without telling. */
export type RunEnd =
  | { kind: "exited"; exitCode: number; oomKilled: boolean }
  | { kind: "lost"; console: string; killed: boolean };

interface RunParts {
  machine: Machine;
  agent: AgentClient;
  main: GuestProcess;
  streams: ContainerStreams;
  log: ContainerLog;
  tty: boolean;
}

/** One run of a container: its machine, its agent, its main process, and the flow of output. */
export class Run {
  readonly machine: Machine;
  readonly agent: AgentClient;
  readonly main: GuestProcess;
  /** Set by `kill` when the guest is past listening. */
  #killed = false;
  #detached = false;
  readonly #log: ContainerLog;
  readonly #pumps: Promise<unknown>;

  constructor(parts: RunParts) {
    this.machine = parts.machine;
    this.agent = parts.agent;
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
      this.machine.exited.then(() => this.#lostSoon()),
    ]);
    if (this.#detached) return undefined;
    await Promise.race([this.#pumps, delay(lastOutputDeadlineMs, undefined, { ref: false })]);
    await this.#log.end();
    return end;
  }

  /** Ends the machine: in order, with all disks synced, or at once when nothing of it is kept. */
  async release(options: { keepsDisks: boolean }): Promise<void> {
    if (options.keepsDisks) await leaveMachine(this);
    await this.machine.kill();
    await this.agent[Symbol.asyncDispose]();
  }

  /** Ends a machine whose guest doesn't answer. */
  async killMachine(): Promise<void> {
    this.#killed = true;
    await this.machine.kill();
  }

  /** Lets go of the machine, which lives on. */
  async detach(): Promise<void> {
    this.#detached = true;
    await this.agent[Symbol.asyncDispose]();
    await this.#log[Symbol.asyncDispose]();
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
    return { kind: "lost", console: await this.machine.consoleTail(), killed: this.#killed };
  }
}

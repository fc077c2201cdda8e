import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { AgentClient } from "../../agent/agent-client.ts";
import { shortId } from "../../base/ids.ts";
import type { Machine } from "../../machine/machine.ts";
import { leaveMachine } from "../../supply/leave-machine.ts";

interface MachineParts {
  machine: Machine;
  agent: AgentClient;
  /** Its run folder, which goes with it. */
  folder: string;
  /** Is told once it has gone. */
  gone: (id: string) => void;
}

/** A machine with containers in it, and its agent. It goes with the last of them. */
export class RunningMachine {
  readonly id: string;
  readonly machine: Machine;
  readonly agent: AgentClient;
  readonly #folder: string;
  readonly #gone: (id: string) => void;
  readonly #containers = new Set<string>();

  constructor({ machine, agent, folder, gone }: MachineParts) {
    this.id = machine.id;
    this.machine = machine;
    this.agent = agent;
    this.#folder = folder;
    this.#gone = gone;
  }

  /** Ids of the containers in it. */
  get containers(): ReadonlySet<string> {
    return this.#containers;
  }

  enter(containerId: string): void {
    this.#containers.add(containerId);
  }

  /** Where it is kept how much of a container's output is in its log. */
  logPosition(containerId: string): string {
    return join(this.#folder, `${shortId(containerId)}.log-position`);
  }

  /**
   * A container is over. The last one ends the machine: in order, with all disks synced, or at once
   * when nothing of them is kept.
   */
  async leave(containerId: string, { keepsDisks }: { keepsDisks: boolean }): Promise<void> {
    this.#containers.delete(containerId);
    if (this.#containers.size > 0) return;
    if (keepsDisks) await leaveMachine(this);
    await this.end();
  }

  /** Ends it at once, whatever is in it. */
  async end(): Promise<void> {
    await this.machine.kill();
    await this.agent[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
    this.#gone(this.id);
  }
}

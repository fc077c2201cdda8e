import type { AgentClient } from "../../agent/agent-client.ts";
import { timestamp } from "../../base/timestamps.ts";
import type { Machine } from "../../machine/machine.ts";
import { machineFolder } from "../../supply/machine-folders.ts";
import type { StateStore } from "../records/state-store.ts";
import { RunningMachine } from "../runs/running-machine.ts";

/** The machines that containers are in, each with a record by which the next daemon finds it. */
export class Machines {
  readonly #store: StateStore;
  readonly #runRoot: string;
  readonly #running = new Map<string, RunningMachine>();

  constructor(store: StateStore, runRoot: string) {
    this.#store = store;
    this.#runRoot = runRoot;
  }

  /** A machine that has come up, for containers to enter. */
  add({ machine, agent }: { machine: Machine; agent: AgentClient }): RunningMachine {
    this.#store.saveMachine({ version: 1, id: machine.id, createdAt: timestamp() });
    return this.#keep(machine, agent);
  }

  /** A machine of an earlier daemon, found again. */
  takeUp(machine: Machine, agent: AgentClient): RunningMachine {
    return this.#keep(machine, agent);
  }

  running(): RunningMachine[] {
    return [...this.#running.values()];
  }

  /** Ids of those that an earlier daemon has left. */
  stored(): string[] {
    return this.#store.machines().map(({ id }) => id);
  }

  forget(id: string): void {
    this.#running.delete(id);
    this.#store.deleteMachine(id);
  }

  #keep(machine: Machine, agent: AgentClient): RunningMachine {
    const folder = machineFolder(this.#runRoot, machine.id);
    const gone = (id: string) => this.forget(id);
    const running = new RunningMachine({ machine, agent, folder, gone });
    this.#running.set(machine.id, running);
    return running;
  }
}

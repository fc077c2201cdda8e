import type { AgentClient } from "../../agent/agent-client.ts";
import { timestamp } from "../../base/timestamps.ts";
import type { Machine } from "../../machine/machine.ts";
import type { Forwarding } from "../../network/forwarder.ts";
import type { FileServers } from "../../sharing/shared-path.ts";
import { machineFolder } from "../../supply/machine-folders.ts";
import type { MachineRecord, StateStore } from "../records.ts";
import { RunningMachine } from "../runs.ts";

interface Reached {
  machine: Machine;
  agent: AgentClient;
}

interface ForContainer {
  containerId: string;
  room: number;
  /** Cards on the switch. */
  cards: number;
}

interface MachinesParts {
  runRoot: string;
  fileServers: FileServers;
  /** What carries connections into one. */
  forwarder: (place: ForwarderPlace) => Forwarding;
}

/** Of a machine: where its files are, and its way for connections. */
export interface ForwarderPlace {
  folder: string;
  machineSocket: string;
}

/** The machines that containers are in, each with a record by which the next daemon finds it. */
export class Machines {
  readonly #store: StateStore;
  readonly #parts: MachinesParts;
  readonly #running = new Map<string, RunningMachine>();

  constructor(store: StateStore, parts: MachinesParts) {
    this.#store = store;
    this.#parts = parts;
  }

  /** A machine that has come up for a container, with room for `room` more. */
  add(reached: Reached, { containerId, room, cards }: ForContainer) {
    const slots = [containerId, ...Array.from({ length: room }, () => null)];
    const createdAt = timestamp();
    const record = { version: 1 as const, id: reached.machine.id, createdAt, slots, cards };
    this.#store.saveMachine(record);
    return this.#keep(reached, record, { isNew: true });
  }

  /** A machine of an earlier daemon, found again. */
  takeUp(reached: Reached, record: MachineRecord): RunningMachine {
    return this.#keep(reached, record, { isNew: false });
  }

  running(): RunningMachine[] {
    return [...this.#running.values()];
  }

  /** Those that an earlier daemon has left. */
  stored(): MachineRecord[] {
    return this.#store.machines();
  }

  forget(id: string): void {
    this.#running.delete(id);
    this.#store.deleteMachine(id);
  }

  #keep(
    { machine, agent }: Reached,
    record: MachineRecord,
    { isNew }: { isNew: boolean },
  ): RunningMachine {
    const { runRoot, fileServers } = this.#parts;
    const folder = machineFolder(runRoot, machine.id);
    const running = new RunningMachine({
      ...{ machine, agent, isNew, slots: record.slots, cards: record.cards, folder },
      files: () => fileServers.find({ folder, machineSocket: machine.filesSocket }),
      forwarder: this.#parts.forwarder({ folder, machineSocket: machine.connectionsSocket }),
      changed: ({ slots }) => this.#store.saveMachine({ ...record, slots: [...slots] }),
      gone: (id) => this.forget(id),
    });
    this.#running.set(machine.id, running);
    return running;
  }
}

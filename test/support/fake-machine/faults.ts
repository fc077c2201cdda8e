import type { FakeBoard } from "../../../src/machine/drivers/fake/fake-guest.ts";
import type { MachineExit } from "../../../src/machine/machine.ts";
import type { request } from "../../../src/agent/protocol.ts";
import type { GuestStatus } from "./agent-messages.ts";

/** Where a guest can go wrong: when a host greets it, or at one of its requests. */
export type FaultPoint = "greeting" | keyof typeof request;

/** What it does then. */
export type Fault =
  | { does: "nothing" }
  | { does: "die"; console?: string; exit?: Partial<MachineExit> }
  /** Sends a frame with an illegal header. */
  | { does: "break the protocol" }
  | { does: "refuse"; status: GuestStatus; message: string }
  /** At the greeting: says that it speaks this one. */
  | { does: "speak"; protocol: number }
  /** At the greeting: takes it for the rest of a frame that an earlier host has left half-sent. */
  | { does: "stand in a frame" }
  /** At the end: answers, and the machine stays. */
  | { does: "answer only" }
  /** When the promise settles that it gets as it is asked. */
  | { does: "answer late"; after: () => Promise<unknown> };

/** The guest that is asked whether a fault is its own. */
interface FaultyGuest {
  readonly board: FakeBoard;
  isOf(containerId: string): boolean;
}

type Where = (guest: FaultyGuest) => boolean;

const everywhere: Where = () => true;

/** Machines that are made to be templates, or cloned of them. */
export function machinesTo(use: "make" | "clone"): Where {
  return ({ board }) => board.spec.template?.use === use;
}

/** The machine of a container, from where it is told of it. */
export function machineOf(containerId: string): Where {
  return (guest) => guest.isOf(containerId);
}

/** What is to go wrong in the machines of a test. */
export class Faults {
  #planned: { at: FaultPoint; fault: Fault; where: Where }[] = [];

  /** From now on, until {@link clear}. */
  plan(at: FaultPoint, fault: Fault, where: Where = everywhere): void {
    this.#planned.push({ at, fault, where });
  }

  clear(): void {
    this.#planned = [];
  }

  at(point: FaultPoint, guest: FaultyGuest): Fault | undefined {
    return this.#planned.find(({ at, where }) => at === point && where(guest))?.fault;
  }
}

import type { Duplex } from "node:stream";
import type { MachineExit, MachineSpec } from "../../machine.ts";

/** What a fake machine is to the one who lives in it. */
export interface FakeBoard {
  /** As it was ordered, with the disks that are in it now. */
  readonly spec: MachineSpec;
  /** Prints on the machine's console. */
  say(text: string): void;
  /** As where the host's disk is full, or has room again: then the machine goes on when it is told to. */
  fillDisk(isFull: boolean): void;
  /** Ends the machine from inside, as a reboot or a VMM that gives up does. */
  leave(exit?: Partial<MachineExit>): void;
}

/** Who lives in a fake machine. */
export interface FakeGuest {
  /** A host has connected to the agent's socket. */
  serve(connection: Duplex): void;
  /** A host has connected to the socket of the guest's port for files; one that has none reads nothing. */
  serveFiles?(connection: Duplex): void;
  /** Someone of the host's network has connected to a published port of the guest. */
  accept(connection: Duplex, guestPort: number): void;
  /** A datagram came to a published port; gives what is sent back. */
  receive(datagram: Buffer, guestPort: number): Buffer | undefined;
  /** All that a clone needs to go on from here. */
  save(): string;
  /** The machine has gone. */
  end(): void;
}

/** Puts a guest into a machine: one that boots, or goes on where `saved` was written. */
export type FakeGuestMaker = (board: FakeBoard, saved: string | undefined) => FakeGuest;

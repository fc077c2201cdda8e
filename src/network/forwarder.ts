import { DvmError } from "../base/errors.ts";
import { controlPath } from "../host/control-lines.ts";
import { ControlledCompanion } from "../host/controlled-companion.ts";
import { answerOf, type Refusal } from "./forwarder-refusal.ts";
import { bindError } from "./host-ports.ts";
import { portClient } from "./user-network.ts";

/** A TCP port of the host, and where in the guest its connections go. */
export interface ForwardedPort {
  address: string;
  /** 0: any that is free. */
  port: number;
  guestAddress: string;
  guestPort: number;
}

export interface ForwarderParts {
  /** The executable of forwarder/. */
  program: () => Promise<string>;
  /** The machine's own, where its files are. */
  folder: string;
  /** The machine's way for connections. */
  machineSocket: string;
}

/**
 * Carries connections between the host and one machine, by a process that lives as long as the
 * machine. There is none until it is needed; that of an earlier daemon is found. Ports are opened,
 * and sockets granted, for somebody who is named, and given up together.
 */
export class Forwarder {
  readonly #companion: ControlledCompanion;

  constructor({ program, folder, machineSocket }: ForwarderParts) {
    this.#companion = new ControlledCompanion({
      ...{ who: "the machine's forwarder", folder, name: "forwarder" },
      command: async (control) => [await program(), control, machineSocket],
    });
  }

  /** Opens a port, and gives its number. One in use is `unavailable`. */
  async listen(owner: string, wanted: ForwardedPort): Promise<number> {
    const answer = await this.#listen(owner, wanted);
    if (typeof answer === "string") return Number(answer);
    throw bindError({ protocol: "tcp", ...wanted }, answer.code);
  }

  /** As {@link listen}; false where the host has no addresses of that family. */
  async listenIfThere(owner: string, wanted: ForwardedPort): Promise<boolean> {
    const answer = await this.#listen(owner, wanted);
    if (typeof answer === "string") return true;
    if (["EAFNOSUPPORT", "EADDRNOTAVAIL"].includes(answer.code)) return false;
    throw bindError({ protocol: "tcp", ...wanted }, answer.code);
  }

  #listen(owner: string, wanted: ForwardedPort): Promise<string | Refusal> {
    const { address, port, guestAddress, guestPort } = wanted;
    const words = [owner, address, port, guestAddress, guestPort, portClient];
    return this.#ask(`listen ${words.join(" ")}`);
  }

  /** Lets the guest connect to a Unix socket of the host, by a name. */
  async grant(owner: string, name: string, path: string): Promise<void> {
    const answer = await this.#ask(`grant ${owner} ${name} ${controlPath(path)}`);
    if (typeof answer !== "string")
      throw new DvmError("unavailable", `cannot lead to socket ${path}: ${answer.text}`);
  }

  /** Closes the owner's ports, takes his grants back and breaks his connections. */
  async release(owner: string): Promise<void> {
    if ((await this.#companion.existing()) !== undefined) await this.#ask(`release ${owner}`);
  }

  /** Ends it, and with it all connections. Returns when its ports are free. */
  async end(): Promise<void> {
    await this.#companion.end();
  }

  async #ask(line: string): Promise<string | Refusal> {
    return answerOf(async () => {
      const [answer = ""] = await this.#companion.say([line]);
      return answer;
    });
  }
}

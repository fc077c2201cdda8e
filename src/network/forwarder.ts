import { DvmError } from "../base/errors.ts";
import { controlPath } from "../host/control-lines.ts";
import { ControlledCompanion } from "../host/controlled-companion.ts";
import { answerOf, type Refusal } from "./forwarder-refusal.ts";
import type { HostPort } from "./host-ports.ts";
import { portClient } from "./user-network.ts";

/** A TCP port of the host, and where in the guest its connections go. */
export interface ForwardedPort {
  address: string;
  /** 0: any that is free. */
  port: number;
  guestAddress: string;
  guestPort: number;
}

/** Where a container is on the switch: its addresses with their prefixes; empty for none. */
export interface SwitchPlace {
  ipv4: string;
  gateway4: string;
  ipv6: string;
  gateway6: string;
}

/** A port of the host that leads to one of a container on the switch. */
export interface SwitchedPort extends HostPort {
  guestPort: number;
}

export interface ForwarderParts {
  /** The executable of forwarder/. */
  program: () => Promise<string>;
  /** The machine's own, where its files are. */
  folder: string;
  /** The machine's way for connections. */
  machineSocket: string;
  /** Where sockets of the switch's namespace come from. */
  switchSocket: string;
}

/** What the engine wants of a {@link Forwarder}. */
export type Forwarding = Pick<
  Forwarder,
  "listen" | "lead" | "publish" | "withdraw" | "grant" | "release" | "isThere" | "end"
>;

/**
 * Carries connections between the host and one machine, by a process that lives as long as the
 * machine. There is none until it is needed; that of an earlier daemon is found. Ports are opened,
 * and sockets granted, for somebody who is named, and given up together.
 */
export class Forwarder {
  readonly #companion: ControlledCompanion;

  constructor({ program, folder, machineSocket, switchSocket }: ForwarderParts) {
    this.#companion = new ControlledCompanion({
      ...{ who: "the machine's forwarder", folder, name: "forwarder" },
      command: async (control) => [await program(), control, machineSocket, switchSocket],
    });
  }

  /** Opens a port of a machine with a network of its own. The system's name for why not; undefined: done. */
  async listen(owner: string, wanted: ForwardedPort): Promise<string | undefined> {
    const { address, port, guestAddress, guestPort } = wanted;
    return this.#try(
      `listen ${[owner, address, port, guestAddress, guestPort, portClient].join(" ")}`,
    );
  }

  /** Says where the owner's published ports lead. What led elsewhere breaks. */
  async lead(owner: string, place: SwitchPlace): Promise<void> {
    const { ipv4, gateway4, ipv6, gateway6 } = place;
    const words = [ipv4, gateway4, ipv6, gateway6].map((word) => (word === "" ? "-" : word));
    const fault = await this.#try(`lead ${owner} ${words.join(" ")}`);
    if (fault !== undefined)
      throw new DvmError("unavailable", `cannot lead ports to ${words.join(" ")}: ${fault}`);
  }

  /**
   * Opens a port, also to who is on the switch if it is one of all addresses. The system's name for
   * why not; undefined: done.
   */
  async publish(owner: string, port: SwitchedPort): Promise<string | undefined> {
    const { protocol, address, guestPort } = port;
    return this.#try(`publish ${[owner, protocol, address, port.port, guestPort].join(" ")}`);
  }

  /** Closes all that the owner has published, and breaks its connections. */
  async withdraw(owner: string): Promise<void> {
    if (await this.isThere()) await this.#ask(`withdraw ${owner}`);
  }

  /** Lets the guest connect to a Unix socket of the host, by a name. */
  async grant(owner: string, name: string, path: string): Promise<void> {
    const answer = await this.#ask(`grant ${owner} ${name} ${controlPath(path)}`);
    if (typeof answer !== "string")
      throw new DvmError("unavailable", `cannot lead to socket ${path}: ${answer.text}`);
  }

  /** Closes the owner's ports, takes his grants back and breaks his connections. */
  async release(owner: string): Promise<void> {
    if (await this.isThere()) await this.#ask(`release ${owner}`);
  }

  /** Whether it runs. */
  async isThere(): Promise<boolean> {
    return (await this.#companion.existing()) !== undefined;
  }

  /** Ends it, and with it all connections. Returns when its ports are free. */
  async end(): Promise<void> {
    await this.#companion.end();
  }

  async #try(line: string): Promise<string | undefined> {
    const answer = await this.#ask(line);
    return typeof answer === "string" ? undefined : answer.code;
  }

  async #ask(line: string): Promise<string | Refusal> {
    return answerOf(async () => {
      const [answer = ""] = await this.#companion.say([line]);
      return answer;
    });
  }
}

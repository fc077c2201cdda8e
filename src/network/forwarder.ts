import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describeError, DvmError } from "../base/errors.ts";
import { controlPath } from "../host/control-lines.ts";
import { ControlledCompanion } from "../host/controlled-companion.ts";
import { ForwarderLines } from "./forwarder-lines.ts";
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
  log: (message: string) => void;
}

/** One that went sooner than that doesn't come back by itself: its machine goes, too. */
const leastLifeMs = 1_000;
/** So long its machine has to be known to have gone. */
const restMs = 100;

/** What the engine wants of a {@link Forwarder}. */
export type Forwarding = Pick<
  Forwarder,
  "listen" | "lead" | "publish" | "withdraw" | "grant" | "release" | "takeUp" | "end"
>;

/**
 * Carries connections between the host and one machine, by a process that lives as long as the
 * machine. There is none until it is needed; that of an earlier daemon is found. Ports are opened,
 * and sockets granted, for somebody who is named, and given up together. One that was killed comes
 * back, and all that it did with it, but its connections.
 */
export class Forwarder {
  readonly #companion: ControlledCompanion;
  readonly #lines: ForwarderLines;
  readonly #log: (message: string) => void;
  #startedAt = 0;
  #isEnded = false;

  constructor({ program, folder, machineSocket, switchSocket, log }: ForwarderParts) {
    this.#lines = new ForwarderLines(join(folder, "forwarder.lines"));
    this.#log = log;
    this.#companion = new ControlledCompanion({
      ...{ who: "the machine's forwarder", folder, name: "forwarder" },
      command: async (control) => {
        this.#startedAt = Date.now();
        return [await program(), control, machineSocket, switchSocket];
      },
      gone: () => void this.#comeBack(),
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
    await this.#takeBack(`withdraw ${owner}`);
  }

  /** Lets the guest connect to a Unix socket of the host, by a name. */
  async grant(owner: string, name: string, path: string): Promise<void> {
    const answer = await this.#ask(`grant ${owner} ${name} ${controlPath(path)}`);
    if (typeof answer !== "string")
      throw new DvmError("unavailable", `cannot lead to socket ${path}: ${answer.text}`);
  }

  /** Closes the owner's ports, takes his grants back and breaks his connections. */
  async release(owner: string): Promise<void> {
    await this.#takeBack(`release ${owner}`);
  }

  /** That of an earlier daemon: one that has gone meanwhile is started anew. */
  async takeUp(): Promise<void> {
    if ((await this.#companion.existing()) === undefined) await this.#tellAll();
  }

  /** Ends it, and with it all connections. Returns when its ports are free. */
  async end(): Promise<void> {
    this.#isEnded = true;
    await this.#companion.end();
  }

  async #comeBack(): Promise<void> {
    if (this.#isEnded || Date.now() - this.#startedAt < leastLifeMs) return;
    await delay(restMs, undefined, { ref: false });
    if (!this.#isEnded) await this.#tellAll();
  }

  /** Has it do what it did. */
  async #tellAll(): Promise<void> {
    try {
      for (const line of await this.#lines.all()) {
        const answer = await answerOf(async () => String(await this.#companion.say([line])));
        if (typeof answer !== "string") this.#log(`cannot ${line} again: ${answer.text}`);
      }
    } catch (error) {
      if (!this.#isEnded) this.#log(`cannot carry connections again: ${describeError(error)}`);
    }
  }

  async #takeBack(line: string): Promise<void> {
    const isUsed = (await this.#lines.all()).length > 0;
    if (isUsed || (await this.#companion.existing()) !== undefined) await this.#ask(line);
  }

  async #try(line: string): Promise<string | undefined> {
    const answer = await this.#ask(line);
    return typeof answer === "string" ? undefined : answer.code;
  }

  async #ask(line: string): Promise<string | Refusal> {
    const answer = await answerOf(async () => {
      const [said = ""] = await this.#companion.say([line]);
      return said;
    });
    if (typeof answer === "string") await this.#lines.said(line);
    return answer;
  }
}

import { join } from "node:path";
import { DvmError } from "../base/errors.ts";
import {
  findCompanion,
  startCompanion,
  type Companion,
  type CompanionFiles,
} from "../host/companion.ts";
import { controlPath } from "../host/control-lines.ts";
import { readTail } from "../host/read-tail.ts";
import { askForwarder, type Refusal } from "./forwarder-control.ts";
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
  readonly #parts: ForwarderParts;
  #companion: Promise<Companion> | undefined;

  constructor(parts: ForwarderParts) {
    this.#parts = parts;
  }

  /** Opens a port, and gives its number. One in use is `unavailable`. */
  async listen(owner: string, wanted: ForwardedPort): Promise<number> {
    const { address, port, guestAddress, guestPort } = wanted;
    const words = [owner, address, port, guestAddress, guestPort, portClient];
    const answer = await this.#ask(`listen ${words.join(" ")}`);
    if (typeof answer === "string") return Number(answer);
    throw bindError({ protocol: "tcp", address, port }, answer.code);
  }

  /** Lets the guest connect to a Unix socket of the host, by a name. */
  async grant(owner: string, name: string, path: string): Promise<void> {
    const answer = await this.#ask(`grant ${owner} ${name} ${controlPath(path)}`);
    if (typeof answer !== "string")
      throw new DvmError("unavailable", `cannot lead to socket ${path}: ${answer.text}`);
  }

  /** Closes the owner's ports, takes his grants back and breaks his connections. */
  async release(owner: string): Promise<void> {
    if ((await this.#existing()) !== undefined) await this.#ask(`release ${owner}`);
  }

  /** Ends it, and with it all connections. Returns when its ports are free. */
  async end(): Promise<void> {
    await (await this.#existing())?.kill();
  }

  async #ask(line: string): Promise<string | Refusal> {
    const companion = await (this.#companion ??= this.#findOrStart());
    const { lifeline, logFile } = this.#files();
    let isThere = true;
    void companion.exited.then(() => (isThere = false));
    try {
      return await askForwarder(lifeline, line, () => isThere);
    } catch (cause) {
      const said = isThere ? "" : (await readTail(logFile, 1024)).trim();
      throw new DvmError(
        "unavailable",
        `cannot carry connections into the machine ${said}`.trim(),
        {
          cause,
        },
      );
    }
  }

  async #existing(): Promise<Companion | undefined> {
    return this.#companion ?? findCompanion(this.#files());
  }

  /** One that can't be started may be tried again. */
  async #findOrStart(): Promise<Companion> {
    const files = this.#files();
    try {
      const found = await findCompanion(files);
      if (found !== undefined) return found;
      const { program, machineSocket } = this.#parts;
      return await startCompanion([await program(), files.lifeline, machineSocket], files, {});
    } catch (error) {
      this.#companion = undefined;
      throw error;
    }
  }

  #files(): CompanionFiles & { lifeline: string } {
    const { folder } = this.#parts;
    return {
      pidFile: join(folder, "forwarder.pid"),
      logFile: join(folder, "forwarder.log"),
      lifeline: join(folder, "forwarder.sock"),
    };
  }
}

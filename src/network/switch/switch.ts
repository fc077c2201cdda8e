import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describeError, DvmError } from "../../base/errors.ts";
import { remember } from "../../base/remember.ts";
import { controlPath } from "../../host/control-lines.ts";
import { ControlledCompanion } from "../../host/controlled-companion.ts";
import { attachLine, networkLine } from "./switch-lines.ts";
import type { Attachment, SwitchNetwork } from "./switch-types.ts";

export interface SwitchParts {
  /** Its own, in the run root. */
  folder: string;
  /** The executable of switch/. */
  program: () => Promise<string>;
}

/**
 * The networks of machines: a companion that has a network namespace with a bridge for each, and
 * lives on without a daemon. There is none until it is needed; that of an earlier daemon is found.
 */
export class Switch {
  readonly #parts: SwitchParts;
  readonly #companion: ControlledCompanion;
  readonly #networks = new Map<string, SwitchNetwork>();
  readonly #attachments = new Map<string, Attachment>();

  constructor(parts: SwitchParts) {
    this.#parts = parts;
    this.#companion = new ControlledCompanion({
      ...{ who: "the switch of networks", folder: parts.folder, name: "switch" },
      command: async (control) => {
        await mkdir(parts.folder, { recursive: true, mode: 0o700 });
        return [await parts.program(), "serve", control, this.descriptorSocket];
      },
    });
  }

  /** Where programs get taps and sockets of its namespace (switch/descriptors.h). */
  get descriptorSocket(): string {
    return join(this.#parts.folder, "switch-fd.sock");
  }

  /** Where it is told what to do (switch/control.h). */
  get controlSocket(): string {
    return join(this.#parts.folder, "switch.sock");
  }

  /** Becomes a program that has taps (switch/launcher.h). */
  async launcher(): Promise<string> {
    return this.#parts.program();
  }

  /** Why machines can't have networks of it on this host; undefined: they can. */
  async unusable(): Promise<string | undefined> {
    return this.#unusable();
  }

  readonly #unusable = remember(async () => {
    try {
      await this.#companion.say(["ping"]);
      return undefined;
    } catch (error) {
      return describeError(error);
    }
  });

  /** Makes it, or makes it so. Idempotent. */
  async setNetwork(network: SwitchNetwork): Promise<void> {
    await this.#companion.say([networkLine(network)]);
    this.#networks.set(network.id, network);
  }

  /** Idempotent. Those that are attached lose it. */
  async removeNetwork(id: string): Promise<void> {
    const network = this.#networks.get(id);
    if (network === undefined) return;
    await this.#companion.say([`remove ${network.bridge}`]);
    this.#networks.delete(id);
  }

  /** Puts a tap on a network that was set. */
  async attach(attachment: Attachment): Promise<void> {
    const network = this.#networks.get(attachment.network);
    if (network === undefined)
      throw new DvmError("internal", `cannot attach ${attachment.tap}: its network is not set`);
    await this.#companion.say([attachLine(attachment, network)]);
    this.#attachments.set(attachment.tap, attachment);
  }

  /** Takes it from its network. Idempotent; the tap itself may have gone. */
  async detach(tap: string): Promise<void> {
    this.#attachments.delete(tap);
    if ((await this.#companion.existing()) !== undefined)
      await this.#companion.say([`detach ${tap}`]);
  }

  /** Runs statements of nft(8), all or none, in its namespace. */
  async rules(file: string): Promise<void> {
    await this.#companion.say([`rules ${controlPath(file)}`]);
  }

  /** Ends it, and with it all networks. */
  async end(): Promise<void> {
    await this.#companion.end();
  }
}

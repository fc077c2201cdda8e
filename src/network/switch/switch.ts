import { mkdir, readlink, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { describeError, DvmError } from "../../base/errors.ts";
import { controlPath } from "../../host/control-lines.ts";
import type { Companion } from "../../host/companion.ts";
import { ControlledCompanion } from "../../host/controlled-companion.ts";
import { findTool } from "../../host/tools.ts";
import { chooseUplink, removeUplink, type UplinkParts } from "./choose-uplink.ts";
import { earlierNamespace } from "./earlier-namespace.ts";
import { attachLine, networkLine } from "./switch-lines.ts";
import { SwitchState } from "./switch-state.ts";
import type { Attachment, SwitchNetwork } from "./switch-types.ts";
import type { Uplink } from "./uplink.ts";

export interface SwitchParts {
  /** Its own, in the run root. */
  folder: string;
  dataRoot: string;
  /** The folder of machines' run folders. */
  machines: string;
  /** The executable of switch/. */
  program: () => Promise<string>;
  isRoot: boolean;
  log: (message: string) => void;
}

const mendEveryMs = 5_000;

/** A switch that is ready: which process, and how it is joined with what is outside. */
interface Ready {
  pid: number;
  uplink: Uplink;
}

/**
 * The networks of machines: a companion that has a network namespace with a bridge for each, and
 * lives on without a daemon. There is none until it is needed; that of an earlier daemon is found,
 * and one that was killed is made again as it was.
 */
export class Switch implements AsyncDisposable {
  readonly #parts: SwitchParts;
  readonly #companion: ControlledCompanion;
  readonly #state: SwitchState;
  #ready: Promise<Ready> | undefined;
  #unusable: Promise<string | undefined> | undefined;
  #loaded: Promise<void> | undefined;
  #mending: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(parts: SwitchParts) {
    this.#parts = parts;
    this.#state = new SwitchState(join(parts.folder, "state.json"));
    this.#companion = new ControlledCompanion({
      ...{ who: "the switch of networks", folder: parts.folder, name: "switch" },
      command: (control) => this.#command(control),
      environment: async () => (await findTool(parts.dataRoot, "nft"))?.environment ?? {},
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

  /** Why machines can't have networks of it on this host; undefined: they can. Remembered. */
  async unusable(): Promise<string | undefined> {
    this.#unusable ??= this.#isReady().then(() => undefined, describeError);
    return this.#unusable;
  }

  /** Addresses that stand for the host, for whom `hostAccess` is given. */
  async hostAddresses(): Promise<string[]> {
    return (await this.#isReady()).uplink.hostAddresses;
  }

  /** Takes up the switch of an earlier daemon, if machines use it; else what is left of it goes. */
  async takeUp(): Promise<void> {
    await this.#load();
    const earlier = await this.#companion.existing();
    const isThere = earlier !== undefined && (await this.#isOfNow(earlier));
    if (!isThere) await earlier?.kill();
    if (isThere || this.#state.attachments.size > 0) await this.#isReady();
    else await removeUplink(this.#uplinkParts);
  }

  /** Makes it, or makes it so. Idempotent. */
  async setNetwork(network: SwitchNetwork): Promise<void> {
    const { uplink } = await this.#isReady();
    await this.#companion.say([networkLine(network)]);
    this.#state.networks.set(network.id, network);
    this.#state.changed();
    if (!network.internal) await uplink.leadTo(network.subnets.map(({ subnet }) => subnet));
  }

  /** Idempotent. Those that are attached lose it. */
  async removeNetwork({ id, bridge }: Pick<SwitchNetwork, "id" | "bridge">): Promise<void> {
    if ((await this.#companion.existing()) !== undefined)
      await this.#companion.say([`remove ${bridge}`]);
    this.#state.networks.delete(id);
    for (const { tap, network } of this.#state.attachments.values())
      if (network === id) this.#state.attachments.delete(tap);
    this.#state.changed();
  }

  /** Puts a tap on a network that was set. */
  async attach(attachment: Attachment): Promise<void> {
    await this.#isReady();
    const network = this.#state.networks.get(attachment.network);
    if (network === undefined)
      throw new DvmError("internal", `cannot attach ${attachment.tap}: its network is not set`);
    await this.#companion.say([attachLine(attachment, network)]);
    this.#state.attachments.set(attachment.tap, attachment);
    this.#state.changed();
  }

  /** Takes it from its network. Idempotent; the tap itself may have gone. */
  async detach(tap: string): Promise<void> {
    this.#state.attachments.delete(tap);
    this.#state.changed();
    if ((await this.#companion.existing()) !== undefined)
      await this.#companion.say([`detach ${tap}`]);
  }

  /** Runs statements of nft(8) from a file, all or none, in its namespace. */
  async rules(file: string): Promise<void> {
    await this.#isReady();
    await this.#companion.say([`rules ${controlPath(file)}`]);
  }

  /** Writes the rules of its namespace to a file, as JSON of nft(8). */
  async list(file: string): Promise<void> {
    await this.#isReady();
    await this.#companion.say([`list ${controlPath(file)}`]);
  }

  /** Ends it, and with it all networks; nothing of it is left on the host. */
  async end(): Promise<void> {
    await this.#ready?.catch(() => undefined);
    await this.#letGo();
    await this.#companion.end();
    await removeUplink(this.#uplinkParts);
    await rm(this.#parts.folder, { recursive: true, force: true });
  }

  /** Lets it live on. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#letGo();
  }

  async #letGo(): Promise<void> {
    this.#isOver = true;
    clearInterval(this.#mending);
    await this.#state.written();
  }

  async #command(control: string): Promise<[string, ...string[]]> {
    const { program, dataRoot, machines } = this.#parts;
    const nft = await findTool(dataRoot, "nft");
    if (nft === undefined)
      throw new DvmError("unavailable", "cannot make networks: nft is not installed", {
        hint: "run: dvm setup",
      });
    const earlier = await earlierNamespace(machines);
    const words = [await program(), "serve", control, this.descriptorSocket, nft.path] as const;
    return earlier === undefined ? [...words] : [...words, earlier];
  }

  /** Whether it is the program that would be started now: one of another DVM may not know our words. */
  async #isOfNow({ identity: { pid } }: Companion): Promise<boolean> {
    const running = await readlink(`/proc/${pid}/exe`).catch(() => undefined);
    return running === undefined || running === (await realpath(await this.#parts.program()));
  }

  #load(): Promise<void> {
    return (this.#loaded ??= mkdir(this.#parts.folder, { recursive: true, mode: 0o700 }).then(() =>
      this.#state.load(),
    ));
  }

  #isReady(): Promise<Ready> {
    const ready = (this.#ready ??= this.#prepare());
    ready.catch(() => {
      if (this.#ready === ready) this.#ready = undefined;
    });
    return ready;
  }

  async #prepare(): Promise<Ready> {
    await this.#load();
    const companion = await this.#companion.started();
    const { pid } = companion.identity;
    await this.#companion.say(["ping"]); // before, it may be in the host's namespace yet
    const uplink = await chooseUplink(this.#uplinkParts);
    await uplink.join(pid);
    await this.#tellAll();
    void companion.exited.then(() => this.#lost());
    this.#keepMending();
    return { pid, uplink };
  }

  get #uplinkParts(): UplinkParts {
    return { ...this.#parts, say: (lines) => this.#companion.say(lines) };
  }

  /** What it may have forgotten. A tap that isn't there any more is nothing to tell of. */
  async #tellAll(): Promise<void> {
    const { networks, attachments } = this.#state;
    for (const network of networks.values()) await this.#companion.say([networkLine(network)]);
    for (const attachment of attachments.values()) {
      const network = networks.get(attachment.network);
      const line = network && attachLine(attachment, network);
      const isThere = line !== undefined && (await this.#isTaken(line));
      if (!isThere) attachments.delete(attachment.tap);
    }
  }

  async #isTaken(line: string): Promise<boolean> {
    return this.#companion.say([line]).then(
      () => true,
      () => false,
    );
  }

  /** It has gone, by nobody's wish of ours when machines are on it. */
  async #lost(): Promise<void> {
    this.#ready = undefined;
    if (this.#isOver || this.#state.attachments.size === 0) return;
    this.#parts.log("the switch of networks has ended; it is made anew");
    await this.#isReady().catch((error: unknown) => this.#parts.log(describeError(error)));
  }

  #keepMending(): void {
    clearInterval(this.#mending);
    this.#mending = setInterval(() => void this.#mend(), mendEveryMs).unref();
  }

  async #mend(): Promise<void> {
    if (this.#state.attachments.size === 0) return;
    const ready = await this.#ready?.catch(() => undefined);
    await ready?.uplink.mend(ready.pid).catch((error: unknown) => {
      if (!this.#isOver) this.#parts.log(describeError(error));
    });
  }
}

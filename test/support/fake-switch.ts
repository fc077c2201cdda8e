import { readFile, writeFile } from "node:fs/promises";
import type { NetworkSwitch } from "../../src/network/network-switch.ts";
import type { Attachment, SwitchNetwork } from "../../src/network/switch/switch-types.ts";

/** A switch that carries nothing: a test looks at what it was told. */
export class FakeSwitch implements NetworkSwitch {
  readonly networks = new Map<string, SwitchNetwork>();
  readonly attached = new Map<string, Attachment>();
  /** Why it can't be used; undefined: it can. */
  refusal: string | undefined;
  /** What fails instead, by what is asked of it. */
  fault: string | undefined;
  readonly descriptorSocket = "/no/switch";

  async launcher(): Promise<string> {
    return "/no/dvm-switch";
  }

  async unusable(): Promise<string | undefined> {
    return this.refusal;
  }

  async setNetwork(network: SwitchNetwork): Promise<void> {
    if (this.fault === "network") throw new Error("no bridge can be made");
    this.networks.set(network.id, network);
  }

  async removeNetwork({ id }: { id: string }): Promise<void> {
    this.networks.delete(id);
  }

  async attach(attachment: Attachment): Promise<void> {
    if (this.fault === "attach") throw new Error("no card can be attached");
    if (!this.networks.has(attachment.network)) throw new Error("its network is not set");
    this.attached.set(attachment.tap, attachment);
  }

  /** Statements of nft(8) that it was given. */
  readonly statements: string[] = [];

  async rules(file: string): Promise<void> {
    this.statements.push(await readFile(file, "utf8"));
  }

  /** What it says of its rules. */
  listed = '{"nftables":[]}';

  async list(file: string): Promise<void> {
    await writeFile(file, this.listed);
  }

  async takeUp(): Promise<void> {}

  async hostAddresses(): Promise<string[]> {
    return ["100.64.0.1"];
  }

  async end(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}

  async detach(tap: string): Promise<void> {
    this.attached.delete(tap);
  }
}

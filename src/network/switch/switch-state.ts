import { readFile, rename, writeFile } from "node:fs/promises";
import { z } from "zod";
import { ignore } from "../../base/errors.ts";
import { tryParseJson } from "../../base/parse-json.ts";
import type { Attachment, SwitchNetwork } from "./switch-types.ts";

const subnet = z.object({ subnet: z.string(), gateway: z.string().optional() });
const network = z.object({
  ...{ id: z.string(), bridge: z.string(), mtu: z.number(), subnets: z.array(subnet) },
  ...{ internal: z.boolean(), isolated: z.boolean(), masquerade: z.boolean() },
});
const attachment = z.object({
  ...{ tap: z.string(), network: z.string(), mac: z.string(), addresses: z.array(z.string()) },
  hostAccess: z.boolean().optional(),
});
const stored = z.object({ networks: z.array(network), attachments: z.array(attachment) });

/**
 * What a switch was told, by which one that is made after it was killed becomes the same. Kept in a
 * file for a later daemon; what is lost of it in a crash is told anew when it is next needed.
 */
export class SwitchState {
  readonly networks = new Map<string, SwitchNetwork>();
  readonly attachments = new Map<string, Attachment>();
  readonly #file: string;
  #writing = Promise.resolve();
  #isDirty = false;

  constructor(file: string) {
    this.#file = file;
  }

  /** What an earlier daemon has left there; what can't be understood counts as nothing. */
  async load(): Promise<void> {
    const text = await ignore("ENOENT", () => readFile(this.#file, "utf8"));
    const { data } = stored.safeParse(text && tryParseJson(text));
    for (const one of data?.networks ?? []) this.networks.set(one.id, one as SwitchNetwork);
    for (const one of data?.attachments ?? []) this.attachments.set(one.tap, one as Attachment);
  }

  /** Writes it, behind who changed it. */
  changed(): void {
    if (this.#isDirty) return;
    this.#isDirty = true;
    this.#writing = this.#writing.then(() => this.#write()).catch(() => {}); // the next one may
  }

  /** Returns when all is written. */
  async written(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    this.#isDirty = false;
    const [networks, attachments] = [[...this.networks.values()], [...this.attachments.values()]];
    const temporary = `${this.#file}.tmp`;
    await writeFile(temporary, JSON.stringify({ networks, attachments }), { mode: 0o600 });
    await rename(temporary, this.#file);
  }
}

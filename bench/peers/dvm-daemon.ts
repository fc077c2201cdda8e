import { setTimeout as delay } from "node:timers/promises";
import { DvmError } from "../../src/base/errors.ts";
import { EngineClient } from "../../src/client/engine-client.ts";
import { asObject, asText, requireText } from "../../src/client/json.ts";
import { TestDaemon } from "../../test/support/test-daemon.ts";
import { join } from "node:path";
import type { Fixture } from "./fixture.ts";

const readyDeadlineMs = 120_000;
const lookAgainMs = 50;

/** A daemon of ours with roots of its own. */
export class DvmDaemon implements AsyncDisposable {
  readonly client: EngineClient;
  readonly daemon: TestDaemon;
  /** How many machines stand ready for each image; 0: there is no pool. */
  readonly #poolSize: number;
  readonly #images = new Map<Fixture, string>();

  private constructor(daemon: TestDaemon, poolSize: number) {
    this.daemon = daemon;
    this.#poolSize = poolSize;
    this.client = new EngineClient({ socketPath: join(daemon.root, "run/dvm.sock") });
  }

  static async start({ poolSize }: { poolSize: number }): Promise<DvmDaemon> {
    const daemon = await TestDaemon.start({ settings: { DVM_POOL: String(poolSize) } });
    return new DvmDaemon(daemon, poolSize);
  }

  /** Loads the image; the first start of it makes what later ones are cloned of. */
  async load(fixture: Fixture): Promise<void> {
    if (this.#images.has(fixture)) return;
    await this.daemon.succeeds(["load", "-i", fixture.archive]);
    const { Id: id } = await this.client.images.inspect(fixture.image);
    this.#images.set(fixture, asText(id));
  }

  /** Waits for the templates of the images that were loaded, and for a pool that is full. */
  async ready(): Promise<void> {
    const deadline = performance.now() + readyDeadlineMs;
    while (!((await this.#hasTemplates()) && (await this.#isFull()))) {
      if (performance.now() > deadline)
        throw new DvmError(
          "deadline",
          `cannot measure what is warm: no template or full pool after ${readyDeadlineMs} ms: ${await this.daemon.log()}`,
        );
      await delay(lookAgainMs);
    }
  }

  /** Name → value of what `dvm info` tells about the driver. */
  async driverStatus(): Promise<Map<string, string>> {
    const { DriverStatus: pairs } = await this.client.system.info();
    return new Map(
      (Array.isArray(pairs) ? pairs : []).map((pair: unknown) => {
        const [name, value]: unknown[] = Array.isArray(pair) ? pair : [];
        return [asText(name), asText(value)];
      }),
    );
  }

  async version(): Promise<string> {
    return requireText(await this.client.system.version(), "Version");
  }

  async #hasTemplates(): Promise<boolean> {
    const templates = await this.client.templates.list();
    const made = templates
      .filter(({ Shape: shape }) => asObject(shape)["Nics"] !== 0)
      .map(({ Image: image }) => asText(image));
    return [...this.#images.values()].every((image) => made.includes(image));
  }

  async #isFull(): Promise<boolean> {
    if (this.#poolSize === 0) return true;
    const ready = /^(\d+) ready/.exec((await this.driverStatus()).get("Pool") ?? "")?.[1];
    return Number(ready) === this.#poolSize * this.#images.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client[Symbol.dispose]();
    await this.daemon[Symbol.asyncDispose]();
  }
}

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestDaemon } from "../../support/test-daemon.ts";
import type { ComparedEngine } from "../session/engine.ts";

/** DVM with roots of its own, whose mirror of Docker Hub is `mirror`. */
export class OurDaemon implements ComparedEngine {
  readonly name = "dvm";
  readonly version: string;
  readonly socket: string;
  readonly #daemon: TestDaemon;
  readonly #settings: string;

  private constructor(daemon: TestDaemon, settings: string, version: string) {
    this.#daemon = daemon;
    this.#settings = settings;
    this.version = version;
    this.socket = join(daemon.root, "run/dvm.sock");
  }

  static async start(mirror: string): Promise<OurDaemon> {
    const settings = await mkdtemp(join(tmpdir(), "dvm-settings-"));
    await mkdir(join(settings, "dvm"));
    const registries = { "docker.io": { mirrors: [`http://${mirror}`] } };
    await writeFile(join(settings, "dvm/registries.json"), JSON.stringify({ registries }));
    const daemon = await TestDaemon.start({ settings: { XDG_CONFIG_HOME: settings } });
    const version = await daemon.docker(["version", "-f", "{{.Server.Version}}"]);
    return new OurDaemon(daemon, settings, version.stdout.trim());
  }

  within(words: readonly string[]): string[] {
    return [...words];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon[Symbol.asyncDispose]();
    await rm(this.#settings, { recursive: true, force: true });
  }
}

import assert from "node:assert/strict";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Installation } from "../compat/clients/client-check.ts";
import type { ClientResult, TestDaemon } from "./test-daemon.ts";

const deadlineMs = 240_000;
const lookAgainMs = 300;

interface ProjectOptions {
  /** Whose files are copied: what runs may write there. */
  folder: string;
  client: Installation;
  environment?: Record<string, string>;
}

/** A project that is down, with nothing of it left, when it is disposed of. */
export class ComposeProject implements AsyncDisposable {
  readonly folder: string;
  readonly name: string;
  readonly #daemon: TestDaemon;
  readonly #client: Installation;
  readonly #environment: Record<string, string>;

  private constructor(daemon: TestDaemon, folder: string, options: ProjectOptions) {
    this.#daemon = daemon;
    this.folder = folder;
    this.name = basename(options.folder);
    this.#client = options.client;
    this.#environment = { COMPOSE_PROJECT_NAME: this.name, ...options.environment };
  }

  static async open(daemon: TestDaemon, options: ProjectOptions): Promise<ComposeProject> {
    const folder = await mkdtemp(join(daemon.root, "project-"));
    await cp(options.folder, folder, { recursive: true });
    return new ComposeProject(daemon, folder, options);
  }

  /** Of compose, which must succeed; gives what it printed. */
  async compose(...words: string[]): Promise<string> {
    const result = await this.tries(...words);
    assert.equal(result.code, 0, `compose ${words.join(" ")}: ${result.stderr}${result.stdout}`);
    return result.stdout;
  }

  tries(...words: string[]): Promise<ClientResult> {
    const { program, all, environment } = this.command(words);
    const given = { environment, cwd: this.folder, timeoutMs: deadlineMs };
    return this.#daemon.client(program, all, given);
  }

  /** The program that is compose, its words and its environment, for who runs it by other means. */
  command(words: readonly string[]): {
    program: string;
    all: string[];
    environment: Record<string, string>;
  } {
    const { COMPOSE_WORDS: command = "", ...environment } = this.#client.environment ?? {};
    const [program = "", ...first] = command.split(" ");
    const whole = { ...this.#daemon.environment, ...environment, ...this.#environment };
    return { program, all: [...first, ...words], environment: whole };
  }

  /** Where a service's port is reached: `127.0.0.1:32768`. */
  async address(service: string, port: number, protocol = "tcp"): Promise<string> {
    const printed = await this.compose("port", `--protocol=${protocol}`, service, String(port));
    return printed.trim().replace("0.0.0.0", "127.0.0.1");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.compose("down", "-v", "--remove-orphans", "-t", "3");
    const ofProject = ["--filter", `label=com.docker.compose.project=${this.name}`, "-q"];
    for (const list of [
      ["ps", "-a"],
      ["network", "ls"],
      ["volume", "ls"],
    ])
      assert.equal(await this.#daemon.succeeds([...list, ...ofProject]), "", list.join(" "));
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** What `ask` gives once `isRight` says so; what it gave last is in the failure. */
export async function eventually<T>(
  ask: () => Promise<T>,
  isRight: (found: T) => boolean,
  patienceMs = 60_000,
): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const found = await ask().catch((error: unknown) => error as Error);
    if (!(found instanceof Error) && isRight(found)) return found;
    if (performance.now() > deadline) assert.fail(`not what was waited for: ${String(found)}`);
    await delay(lookAgainMs);
  }
}

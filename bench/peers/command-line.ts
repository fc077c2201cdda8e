import { DvmError } from "../../src/base/errors.ts";
import { runProgram, type ProgramResult } from "../measure/run-program.ts";
import { idle, small } from "./fixture.ts";
import type { IdleContainer, Peer } from "./peer.ts";

interface CommandLineParts {
  name: string;
  version: string;
  /** Program and words before the command. */
  command: readonly string[];
  /** All of it; this process's own when left out. */
  environment?: NodeJS.ProcessEnv;
  /** Flags of every `run`. */
  runFlags?: readonly string[];
  /** Throws unless a `run` was of the kind that `name` says, by what it printed on standard error. */
  checkRun?: (printed: string) => void;
  /** Waits until the next `run` finds all ready that it may find ready. */
  settle?: () => Promise<void>;
}

/** A command line client that speaks docker's words. */
export class CommandLine implements Peer {
  readonly name: string;
  readonly version: string;
  readonly #parts: CommandLineParts;
  #made = 0;

  constructor(parts: CommandLineParts) {
    this.name = parts.name;
    this.version = parts.version;
    this.#parts = parts;
  }

  /** Any command, to its end. */
  words(words: readonly string[]): Promise<ProgramResult> {
    const { command, environment } = this.#parts;
    return runProgram([...command, ...words], { environment });
  }

  async run(words: readonly string[]): Promise<ProgramResult> {
    const { runFlags = [], checkRun } = this.#parts;
    const result = await this.words(["run", ...runFlags, ...words]);
    checkRun?.(result.stderr);
    return result;
  }

  async runTrue(): Promise<number> {
    await this.#parts.settle?.();
    return (await this.run(["--rm", "--entrypoint", "/bin/true", small.image])).ms;
  }

  async startIdle(): Promise<IdleContainer> {
    await this.#parts.settle?.();
    const [program, ...rest] = idle;
    const id = await this.runDetached(["--entrypoint", program, small.image, ...rest]);
    return {
      execTrue: async () => (await this.words(["exec", id, "/bin/true"])).ms,
      [Symbol.asyncDispose]: () => this.remove(id),
    };
  }

  /** Starts nginx of `image`, which answers on `port` of 127.0.0.1; gives the container's name at once. */
  serve(image: string, port: number): { name: string; started: Promise<unknown> } {
    this.#made += 1;
    const name = `bench-web-${this.#made}`;
    const words = ["-d", "--name", name, "-p", `127.0.0.1:${port}:80`, image];
    return { name, started: this.run([...words, "nginx", "-g", "daemon off;"]) };
  }

  /** The new container's id. */
  async runDetached(words: readonly string[]): Promise<string> {
    const id = (await this.run(["-d", ...words])).stdout.trim();
    if (id === "") throw new DvmError("internal", `cannot use ${this.name}: run -d gives no id`);
    return id;
  }

  async remove(...names: string[]): Promise<void> {
    if (names.length > 0) await this.words(["rm", "-f", ...names]);
  }
}

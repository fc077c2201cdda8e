import { join } from "node:path";
import { DvmError } from "../base/errors.ts";
import { type Companion, type CompanionFiles, findCompanion, startCompanion } from "./companion.ts";
import { controlLines } from "./control-lines.ts";
import { readTail } from "./read-tail.ts";

const deadlineMs = 10_000;

export interface ControlledCompanionParts {
  /** Names it in errors: "the file server". */
  who: string;
  /** Where its files are: `NAME.pid`, `NAME.log` and its control socket `NAME.sock`. */
  folder: string;
  name: string;
  /** The program and its words; it listens on the control socket till its end. */
  command(controlSocket: string): Promise<[string, ...string[]]>;
  /** What it is run with; nothing when left out. */
  environment?(): Promise<Record<string, string>>;
  /** Is told when it has gone, however it went. */
  gone?(): void;
}

/**
 * A companion that does what it is told on a socket of its own. There is none until it is needed;
 * that of an earlier daemon is found.
 */
export class ControlledCompanion {
  readonly #parts: ControlledCompanionParts;
  readonly #files: CompanionFiles & { lifeline: string };
  #companion: Promise<Companion> | undefined;

  constructor(parts: ControlledCompanionParts) {
    this.#parts = parts;
    const file = (extension: string) => join(parts.folder, `${parts.name}.${extension}`);
    this.#files = { pidFile: file("pid"), logFile: file("log"), lifeline: file("sock") };
  }

  /**
   * Says lines, and gives what stands behind each `ok`. A refusal is `unavailable` with its text; so
   * is a companion that has gone, with the last that it said.
   */
  async say(lines: readonly string[]): Promise<string[]> {
    const companion = await this.started();
    let isThere = true;
    void companion.exited.then(() => (isThere = false));
    const { who } = this.#parts;
    try {
      const options = { who, deadlineMs, isComing: () => isThere };
      return await controlLines(this.#files.lifeline, lines, options);
    } catch (error) {
      if (isThere) throw error;
      const said = (await readTail(this.#files.logFile, 1024)).trim();
      throw new DvmError("unavailable", `cannot use ${who}: it has ended ${said}`.trim(), {
        cause: error,
      });
    }
  }

  /** The one that runs already; undefined for none. */
  async existing(): Promise<Companion | undefined> {
    if (this.#companion !== undefined) return this.#companion;
    const found = await findCompanion(this.#files);
    return found && this.#keep(found);
  }

  /** The one there is, or a new one. One that can't be started, or has gone, may be tried again. */
  async started(): Promise<Companion> {
    return (this.#companion ??= this.#findOrStart());
  }

  /** Ends it. Returns when it has gone. */
  async end(): Promise<void> {
    await (await this.existing())?.kill();
  }

  async #findOrStart(): Promise<Companion> {
    const files = this.#files;
    try {
      const found = await findCompanion(files);
      if (found !== undefined) return this.#keep(found);
      const command = await this.#parts.command(files.lifeline);
      const environment = (await this.#parts.environment?.()) ?? {};
      return this.#keep(await startCompanion(command, files, environment));
    } catch (error) {
      this.#companion = undefined;
      throw error;
    }
  }

  #keep(companion: Companion): Companion {
    const kept = (this.#companion ??= Promise.resolve(companion));
    void companion.exited.then(() => {
      if (this.#companion !== kept) return;
      this.#companion = undefined;
      this.#parts.gone?.();
    });
    return companion;
  }
}

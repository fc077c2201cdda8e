import { join } from "node:path";
import { DvmError } from "../../src/base/errors.ts";
import type { EngineClient } from "../../src/client/engine-client.ts";
import { asText, type JsonObject } from "../../src/client/json.ts";
import { descendants } from "../measure/process-tree.ts";
import { CommandLine } from "./command-line.ts";
import type { ContainerEngine } from "./container-engine.ts";
import type { DvmDaemon } from "./dvm-daemon.ts";
import type { Fixture } from "./fixture.ts";

/** How a machine comes up. */
export type Origin = "cold" | "clone" | "pool";

const program = join(import.meta.dirname, "../../dvm");
/** Words of `run --timing`. */
const told: Record<Origin, string> = {
  cold: "a boot",
  clone: "a clone of a template",
  pool: "a machine that stood ready",
};

/** DVM, whose machines all come up in one way; a start of another kind is an error. */
export class DvmEngine implements ContainerEngine {
  readonly name: string;
  readonly version: string;
  readonly commandLine: CommandLine;
  readonly hostConfig: JsonObject;
  readonly #daemon: DvmDaemon;
  readonly #origin: Origin;

  constructor(daemon: DvmDaemon, origin: Origin, version: string) {
    const isCold = origin === "cold";
    this.#daemon = daemon;
    this.#origin = origin;
    this.name = `DVM ${origin}`;
    this.version = version;
    this.hostConfig = isCold ? { Dvm: { NoTemplate: true } } : {};
    this.commandLine = new CommandLine({
      ...{ name: this.name, version, command: [program] },
      environment: daemon.daemon.clientEnvironment,
      runFlags: ["--timing", ...(isCold ? ["--no-template"] : [])],
      checkRun: (printed) =>
        this.#check(/^process runs after .*, by (.*)$/m.exec(printed)?.[1], told[origin]),
      settle: () => this.settle(),
    });
  }

  get client(): EngineClient {
    return this.#daemon.client;
  }

  checkStart(report: JsonObject | undefined): void {
    const wasMade = report?.["madeTemplate"] === true ? ", after its template was made" : "";
    this.#check(`${asText(report?.["origin"])}${wasMade}`, this.#origin);
  }

  async warmUp(fixture: Fixture): Promise<void> {
    await this.#daemon.load(fixture);
    await this.#daemon.daemon.succeeds(["run", "--rm", "--entrypoint", "/bin/true", fixture.image]);
    await this.settle();
  }

  async settle(): Promise<void> {
    if (this.#origin !== "cold") await this.#daemon.ready();
  }

  beside(words: string[]): string[] {
    return words;
  }

  async processes(): Promise<{ containers: number[]; daemon: number[] }> {
    const daemon = this.#daemon.daemon.pid;
    return { containers: await descendants([daemon]), daemon: [daemon] };
  }

  #check(found: string | undefined, wanted: string): void {
    if (found !== wanted)
      throw new DvmError(
        "internal",
        `cannot use a run of ${this.name}: it was by ${found ?? "nothing that was told"}`,
      );
  }
}

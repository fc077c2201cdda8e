import type { EngineClient } from "../client/engine-client.ts";
import type { Flag, ParsedArguments } from "./flags.ts";

/** What a command may use of the world. */
export interface CliContext {
  client: EngineClient;
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  environment: Record<string, string | undefined>;
  cwd: string;
  /** Version of this CLI. */
  version: string;
  places: { dataRoot: string; runRoot: string; socketPath: string };
  machine: MachineSetUp;
}

/** What a command may do about a host on which nothing runs yet. */
export interface MachineSetUp {
  /** What a first run lacks, for a person to read; empty when it has all. */
  missingParts(): Promise<string[]>;
  /** Brings it, asking first where somebody can answer. Throws when it isn't wanted or fails. */
  setUp(): Promise<void>;
}

export interface Command {
  /** As typed after `dvm`: `run`, `volume create`. */
  name: string;
  /** What follows the name in the usage line. */
  usage: string;
  summary: string;
  flags: readonly Flag[];
  /** Taken too, but not shown: what is refused with a reason of its own. */
  hiddenFlags?: readonly Flag[];
  /** How many arguments it takes. */
  arguments: { min: number; max?: number };
  /** All after the first argument is the container's, not the CLI's. */
  stopAtFirstArgument?: boolean;
  /** Exit code when `run` throws; 1 when not said. 126 and 127 come from the error's own code. */
  failureCode?: number;
  /** Errors are shown as `dvm: …` with a pointer to the help, as docker's run and create do. */
  prefixErrors?: boolean;
  /** Does it. Returns the exit code; nothing means 0. */
  run(input: ParsedArguments, context: CliContext): Promise<number | void>;
}

/** A command by name, loaded when it is used. */
export interface CommandEntry {
  summary: string;
  load(): Promise<{ command: Command }>;
}

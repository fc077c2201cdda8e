import type { EngineClient } from "../../src/client/engine-client.ts";
import type { JsonObject } from "../../src/client/json.ts";
import type { CommandLine } from "./command-line.ts";
import type { Fixture } from "./fixture.ts";

/** A daemon with Docker's API, and the command line client that people use with it. */
export interface ContainerEngine {
  /** Its name in tables. */
  name: string;
  version: string;
  client: EngineClient;
  commandLine: CommandLine;
  /** Of every container that is made by the API. */
  hostConfig: JsonObject;
  /** Throws unless a start, as the daemon told it, was of the kind that `name` says. */
  checkStart(report: JsonObject | undefined): void;
  /** Loads a fixture's image, and starts and ends one container of it. */
  warmUp(fixture: Fixture): Promise<void>;
  /** Waits until the next start finds all ready that it may find ready. */
  settle(): Promise<void>;
  /** The words that run a program where published ports are reached. */
  beside(words: string[]): string[];
  /** Ids of the processes that run for containers, and of the daemon's own. */
  processes(): Promise<{ containers: number[]; daemon: number[] }>;
}

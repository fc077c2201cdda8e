import type {
  ClockReading,
  ContainerSetup,
  MachinePreparation,
  ProcessSpec,
} from "../../../src/agent/agent-types.ts";
import type { HealthReport } from "../../../src/agent/health.ts";
import type { FakeBoard } from "../../../src/machine/drivers/fake/fake-guest.ts";
import type { Faults } from "./faults.ts";
import type { Program } from "./programs.ts";
import type { ScriptedContainer } from "./scripted-container.ts";
import type { ScriptedFiles } from "./scripted-files.ts";
import type { ScriptedProcess } from "./scripted-process.ts";

/** What the machines of a test do, and what they were told. */
export interface MachineScript {
  readonly programs: Record<string, Program>;
  readonly files: ScriptedFiles;
  readonly faults: Faults;
  /** Those of machines that are there. */
  readonly guests: Set<ScriptedGuest>;
  /** All that containers were made with, in order. */
  readonly setups: ContainerSetup[];
}

/** How far a guest is: a template holds it. */
export interface GuestState {
  preparation: MachinePreparation | undefined;
  rehearsals: number;
}

export interface ScriptedStart {
  spec: ProcessSpec;
  program: Program;
  /** `own`: the agent's, that moves files. */
  kind: "main" | "further" | "own";
}

/** The inside of a fake machine, as its requests and tests see it. */
export interface ScriptedGuest {
  readonly board: FakeBoard;
  readonly script: MachineScript;
  readonly state: GuestState;
  isSetUp: boolean;
  /** What SET_CLOCK was asked with, in order. */
  readonly clockSettings: ClockReading[];
  /** What the next one is answered with; it is right then. */
  clockBehindNs: bigint;
  /** What its containers' own disks may take, once it was told so. */
  spaceBytes: bigint | undefined;
  readonly containers: Map<string, ScriptedContainer>;
  /** Whether this container is in it, or was to be. */
  isOf(containerId: string): boolean;
  /** Tells the host of a container's health. */
  tellHealth(report: HealthReport): void;
  /** Tells the host how many processes of a container were killed for want of memory. */
  tellMemoryKills(container: string, kills: number): void;
  /** Starts a process; one of the agent's own isn't frozen with the container. */
  start(container: ScriptedContainer, start: ScriptedStart): ScriptedProcess;
}

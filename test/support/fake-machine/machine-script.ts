import type { ContainerSetup } from "../../../src/agent/agent-types.ts";
import type { FakeGuestMaker } from "../../../src/machine/drivers/fake/fake-guest.ts";
import { Faults } from "./faults.ts";
import { standardPrograms, type Program } from "./programs.ts";
import { ScriptedAgent } from "./scripted-agent.ts";
import type { ScriptedFiles } from "./scripted-files.ts";

/** What the machines of a test do, and what they were told. */
export interface MachineScript {
  readonly programs: Record<string, Program>;
  readonly files: ScriptedFiles;
  readonly faults: Faults;
  /** Agents of machines that are there. */
  readonly guests: Set<ScriptedAgent>;
  /** All that containers were made with, in order. */
  readonly setups: ContainerSetup[];
}

export function machineScript(programs: Record<string, Program> = {}): MachineScript {
  return {
    programs: { ...standardPrograms, ...programs },
    files: new Map([
      ["/etc/motd", "welcome\n"],
      ["/srv/one", "1\n"],
      ["/srv/two", "2\n"],
    ]),
    faults: new Faults(),
    guests: new Set(),
    setups: [],
  };
}

/** Puts a scripted agent into each machine. */
export function scriptedGuests(script: MachineScript): FakeGuestMaker {
  return (board, saved) => new ScriptedAgent(board, script, saved);
}

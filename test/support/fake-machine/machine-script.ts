import type { FakeGuestMaker } from "../../../src/machine/drivers/fake/fake-guest.ts";
import { Faults } from "./faults.ts";
import { standardPrograms, type Program } from "./programs.ts";
import { ScriptedAgent } from "./scripted-agent.ts";
import type { MachineScript } from "./scripted-guest.ts";

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

import { forwarderProgram } from "../host/forwarder-program.ts";
import { type BinarySources, isMade } from "../host/made-binary.ts";
import { switchProgram } from "../host/switch-program.ts";
import { agentProgram } from "../kernel/agent-binary.ts";
import { fileServerProgram } from "../sharing/file-server-program.ts";

/** A program of DVM's that comes as C, and is compiled once. */
interface OwnProgram {
  name: string;
  why: string;
  sources: BinarySources;
}

const ownPrograms: readonly OwnProgram[] = [
  { name: "the agent", why: "the first process of every machine", sources: agentProgram },
  {
    name: "the file server",
    why: "lets machines have binds and volumes",
    sources: fileServerProgram,
  },
  { name: "the forwarder", why: "carries connections into machines", sources: forwarderProgram },
  { name: "the switch", why: "keeps the networks of machines", sources: switchProgram },
];

/** Those that are to be compiled; without any no compiler is needed. */
export async function unmadePrograms(dataRoot: string): Promise<OwnProgram[]> {
  const made = await Promise.all(ownPrograms.map(({ sources }) => isMade(dataRoot, sources)));
  return ownPrograms.filter((_, index) => made[index] !== true);
}

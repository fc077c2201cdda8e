import { forwarderBinary, hasForwarderBinary } from "../host/forwarder-binary.ts";
import { agentBinary, hasAgentBinary } from "../kernel/agent-binary.ts";
import { fileServerProgram, hasFileServerProgram } from "../sharing/file-server-program.ts";

/** A program of DVM's that comes as C, and is compiled once. */
interface OwnProgram {
  name: string;
  why: string;
  isMade: (dataRoot: string) => Promise<boolean>;
  make: (dataRoot: string) => Promise<string>;
}

const ownPrograms: readonly OwnProgram[] = [
  {
    name: "the agent",
    why: "the first process of every machine",
    isMade: hasAgentBinary,
    make: agentBinary,
  },
  {
    name: "the file server",
    why: "lets machines have binds and volumes",
    isMade: hasFileServerProgram,
    make: fileServerProgram,
  },
  {
    name: "the forwarder",
    why: "carries connections into machines",
    isMade: hasForwarderBinary,
    make: forwarderBinary,
  },
];

/** Those that are to be compiled; without any no compiler is needed. */
export async function unmadePrograms(dataRoot: string): Promise<OwnProgram[]> {
  const made = await Promise.all(ownPrograms.map((program) => program.isMade(dataRoot)));
  return ownPrograms.filter((_, index) => made[index] !== true);
}

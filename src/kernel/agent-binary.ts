import { fileURLToPath } from "node:url";
import { isMade, madeBinary, type BinarySources } from "../host/made-binary.ts";

const sources: BinarySources = {
  folder: fileURLToPath(new URL("../../guest", import.meta.url)),
  name: "agent",
  what: "the guest's agent",
};

/** The path of the static executable that becomes /init. */
export async function agentBinary(dataRoot: string): Promise<string> {
  return madeBinary(dataRoot, sources);
}

/** Whether there is an agent already, so that no compiler is needed. */
export async function hasAgentBinary(dataRoot: string): Promise<boolean> {
  return isMade(dataRoot, sources);
}

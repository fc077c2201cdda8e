import { fileURLToPath } from "node:url";
import { madeBinary, type BinarySources } from "../host/made-binary.ts";

/** Of the static executable that becomes /init. */
export const agentProgram: BinarySources = {
  folder: fileURLToPath(new URL("../../guest", import.meta.url)),
  name: "agent",
  what: "the guest's agent",
};

/** Its path. */
export async function agentBinary(dataRoot: string): Promise<string> {
  return madeBinary(dataRoot, agentProgram);
}

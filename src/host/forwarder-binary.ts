import { fileURLToPath } from "node:url";
import { isMade, madeBinary, type BinarySources } from "./made-binary.ts";

const sources: BinarySources = {
  folder: fileURLToPath(new URL("../../forwarder", import.meta.url)),
  besides: fileURLToPath(new URL("../../guest", import.meta.url)),
  name: "dvm-forwarder",
  what: "what carries connections into machines",
};

/** The path of the static executable that carries connections into a machine. */
export async function forwarderBinary(dataRoot: string): Promise<string> {
  return madeBinary(dataRoot, sources);
}

/** Whether it is made already, so that no compiler is needed. */
export async function hasForwarderBinary(dataRoot: string): Promise<boolean> {
  return isMade(dataRoot, sources);
}

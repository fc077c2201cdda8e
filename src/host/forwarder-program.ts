import { fileURLToPath } from "node:url";
import type { BinarySources } from "./made-binary.ts";

/** Of the static executable that carries connections into a machine. */
export const forwarderProgram: BinarySources = {
  folder: fileURLToPath(new URL("../../forwarder", import.meta.url)),
  besides: fileURLToPath(new URL("../../guest", import.meta.url)),
  name: "dvm-forwarder",
  what: "what carries connections into machines",
};

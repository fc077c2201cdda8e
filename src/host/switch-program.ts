import { fileURLToPath } from "node:url";
import type { BinarySources } from "./made-binary.ts";

/** Of the static executable that keeps the networks of machines. */
export const switchProgram: BinarySources = {
  folder: fileURLToPath(new URL("../../switch", import.meta.url)),
  besides: fileURLToPath(new URL("../../guest", import.meta.url)),
  name: "dvm-switch",
  what: "what keeps the networks of machines",
};

import type { StopOptions } from "../../client/container-calls.ts";
import type { Flag, ParsedFlags } from "../flags.ts";

/** The flags of `stop` and `restart`. */
export const stopFlags: readonly Flag[] = [
  { name: "signal", short: "s", kind: "text", summary: "Signal to send to the container" },
  {
    name: "timeout",
    short: "t",
    aliases: ["time"],
    kind: "integer",
    summary: "Seconds to wait before killing the container (-1: for ever)",
  },
];

export function readStopOptions(flags: ParsedFlags): StopOptions {
  return { signal: flags.text("signal"), timeoutSeconds: flags.integer("timeout") };
}

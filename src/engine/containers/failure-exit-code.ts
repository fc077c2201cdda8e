import { DvmError } from "../../base/errors.ts";
import { otherStartFailure } from "../records.ts";

/** The exit code of a process that never started, as Docker's: 127 not found, 126 not executable. */
export function startFailureExitCode(error: unknown): number {
  if (!(error instanceof DvmError)) return otherStartFailure;
  if (error.code === "command-not-found") return 127;
  if (error.code === "command-not-executable") return 126;
  return otherStartFailure;
}

import { DvmError } from "../../base/errors.ts";
import { otherStartFailure } from "../records.ts";

/** What Docker says before the reason of its runtime. */
const runtime =
  "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ";

/** Why a container's process could not be started: its exit code, and the error as clients hear it. */
export interface StartFailure {
  exitCode: number;
  told: unknown;
}

/** By Docker's words and codes: 127 not found, 126 not executable. */
export function startFailure(error: unknown): StartFailure {
  const exitCode = exitCodeOf(error);
  if (!(error instanceof DvmError) || exitCode === otherStartFailure)
    return { exitCode, told: error };
  return { exitCode, told: new DvmError(error.code, runtime + error.message) };
}

function exitCodeOf(error: unknown): number {
  if (!(error instanceof DvmError)) return otherStartFailure;
  if (error.code === "command-not-found") return 127;
  if (error.code === "command-not-executable") return 126;
  return otherStartFailure;
}

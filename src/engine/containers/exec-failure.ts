import { DvmError } from "../../base/errors.ts";
import { endsAtNoFolder, withAdvice } from "./not-a-folder.ts";

const runtime = "OCI runtime exec failed: exec failed: ";
/** What stands before the reason why a process could not be made in a running container. */
export const noProcess = `${runtime}unable to start container process: `;
/** What the runtime says before it has made a process. */
const earlyRefusals = ["Cwd must be an absolute path"];

/** Why an exec could not be started: its exit code, and the error as its client hears it. */
export interface ExecFailure {
  exitCode: number;
  told: unknown;
}

/** Docker takes the exit code from the runtime's words: 127 not found, 126 not executable. */
export function execFailure(error: unknown): ExecFailure {
  if (!(error instanceof DvmError) || !isOfCommand(error)) return { exitCode: 128, told: error };
  const { message } = error;
  const isEarly = earlyRefusals.some((words) => message.startsWith(words));
  const text = `${isEarly ? runtime : noProcess}${withAdvice(message)}`;
  const exitCode = exitCodeOf(message);
  // what Docker finds no exit code for, it takes for its own fault
  const code = exitCode === 128 ? "unavailable" : error.code;
  return { exitCode, told: new DvmError(code, text) };
}

function isOfCommand({ code }: DvmError): boolean {
  return ["invalid", "command-not-found", "command-not-executable"].includes(code);
}

function exitCodeOf(message: string): number {
  if (endsAtNoFolder(message)) return 127;
  if (/executable file not found|no such file or directory/i.test(message)) return 127;
  if (/permission denied|is a directory/i.test(message)) return 126;
  return 128;
}

import { DvmError, type ErrorCode } from "../base/errors.ts";

const exitCodes: Partial<Record<ErrorCode, number>> = {
  "command-not-found": 127,
  "command-not-executable": 126,
};

/** The exit code that an error asks for, whatever the command; undefined for most. */
export function exitCodeOf(error: unknown): number | undefined {
  return error instanceof DvmError ? exitCodes[error.code] : undefined;
}

/** Tells by the daemon's text, as docker does, whether the process's program was at fault. */
export function asStartFailure(error: unknown): unknown {
  if (!(error instanceof DvmError)) return error;
  const code = startFailureCode(error.message);
  if (code === undefined) return error;
  return new DvmError(code, error.message, error.hint === undefined ? {} : { hint: error.hint });
}

function startFailureCode(message: string): ErrorCode | undefined {
  if (/executable file not found|no such file or directory/i.test(message))
    return "command-not-found";
  if (/permission denied|is a directory|exec format error/i.test(message))
    return "command-not-executable";
  return undefined;
}

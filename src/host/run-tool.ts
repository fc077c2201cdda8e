import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { DvmError, systemErrorCode } from "../base/errors.ts";
import { toolEnvironment } from "./tool-environment.ts";

const run = promisify(execFile);
const maximumOutputBytes = 64 * 2 ** 20;

interface ToolOptions {
  /** Completes the sentence "cannot …". */
  purpose: string;
  hint?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Where it runs; the current folder when left out. */
  cwd?: string | undefined;
  /** Set on top of this process's own environment. */
  environment?: Record<string, string> | undefined;
}

/** Runs a program of the host to its end and gives its standard output. */
export async function runTool(
  program: string,
  programArguments: string[],
  { purpose, hint, signal, cwd, environment }: ToolOptions,
): Promise<string> {
  try {
    const { stdout } = await run(program, programArguments, {
      maxBuffer: maximumOutputBytes,
      env: toolEnvironment(environment),
      ...(signal === undefined ? {} : { signal }),
      ...(cwd === undefined ? {} : { cwd }),
    });
    return stdout;
  } catch (cause) {
    signal?.throwIfAborted();
    const missing = systemErrorCode(cause) === "ENOENT";
    const fact = missing ? `${program} is not installed` : `${program} failed`;
    throw new DvmError(missing ? "unavailable" : "internal", `cannot ${purpose}: ${fact}`, {
      cause,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { DvmError, systemErrorCode } from "../base/errors.ts";

const run = promisify(execFile);
const maximumOutputBytes = 16 * 2 ** 20;
/** Debian keeps mkfs and friends out of an ordinary user's PATH. */
const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

interface ToolOptions {
  /** Completes the sentence "cannot …". */
  purpose: string;
  hint?: string;
  signal?: AbortSignal;
}

/** Runs a program of the host to its end and gives its standard output. */
export async function runTool(
  program: string,
  programArguments: string[],
  { purpose, hint, signal }: ToolOptions,
): Promise<string> {
  try {
    const { stdout } = await run(program, programArguments, {
      maxBuffer: maximumOutputBytes,
      env: { ...process.env, PATH: `${process.env["PATH"] ?? ""}:${systemPath}`, LC_ALL: "C" },
      ...(signal === undefined ? {} : { signal }),
    });
    return stdout;
  } catch (cause) {
    const missing = systemErrorCode(cause) === "ENOENT";
    const fact = missing ? `${program} is not installed` : `${program} failed`;
    throw new DvmError(missing ? "unavailable" : "internal", `cannot ${purpose}: ${fact}`, {
      cause,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

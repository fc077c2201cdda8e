import { DvmError } from "../base/errors.ts";
import type { CliContext } from "./command.ts";

interface EachOptions {
  /** A thing that isn't there is told, and no failure: `rm --force`. */
  missingIsFine?: boolean;
  /** Print nothing for those that went well. */
  silent?: boolean;
}

/**
 * Does `action` for each name, one after the other, and prints the name, or what `action` returns
 * instead, when it went well. Errors are shown as they come; returns the exit code.
 */
export async function eachName(
  { stdout, stderr }: CliContext,
  names: readonly string[],
  action: (name: string) => Promise<string | void>,
  options: EachOptions = {},
): Promise<number> {
  let exitCode = 0;
  for (const name of names)
    try {
      const text = (await action(name)) ?? name;
      if (options.silent !== true) stdout.write(`${text}\n`);
    } catch (error) {
      if (!(error instanceof DvmError)) throw error;
      stderr.write(`${error.message}\n`);
      if (error.hint !== undefined) stderr.write(`hint: ${error.hint}\n`);
      if (error.code !== "not-found" || options.missingIsFine !== true) exitCode = 1;
    }
  return exitCode;
}

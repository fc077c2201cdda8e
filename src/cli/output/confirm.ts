import { createInterface } from "node:readline/promises";
import type { CliContext } from "../command.ts";
import type { Flag } from "../flags.ts";

export const forceFlag: Flag = {
  name: "force",
  short: "f",
  kind: "boolean",
  summary: "Do not prompt for confirmation",
};

/** Warns, asks as docker does, and reads the answer; no answer is a no. */
export async function isConfirmed(
  { stdin, stdout }: CliContext,
  warning: string,
): Promise<boolean> {
  const lines = createInterface({ input: stdin });
  try {
    stdout.write(`WARNING! ${warning}\nAre you sure you want to continue? [y/N] `);
    for await (const line of lines) return /^y(es)?$/i.test(line.trim());
    return false;
  } finally {
    lines.close();
  }
}

import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import type { CliContext } from "../command.ts";

type Terminal = Pick<CliContext, "stdin" | "stdout">;

export async function ask({ stdin, stdout }: Terminal, question: string): Promise<string> {
  const terminal = createInterface({ input: stdin, output: stdout, terminal: true });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}

/** What is typed is not shown: the terminal's echo is off, and nothing is written for it. */
export async function askPassword({ stdin, stdout }: Terminal, question: string): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: stdin, output: nowhere, terminal: true });
  // now that the echo is off
  stdout.write(question);
  try {
    return await terminal.question("");
  } finally {
    terminal.close();
    stdout.write("\n");
  }
}

import { runProgram } from "../../../bench/measure/run-program.ts";

/** What a program prints, trimmed. */
export async function said(
  words: string[],
  environment: Record<string, string> = {},
): Promise<string> {
  const { stdout } = await runProgram(words, { environment: { ...process.env, ...environment } });
  return stdout.trim();
}

/** The version in a text, or all of it. */
export function numberIn(text: string): string {
  return /\d+\.\d+[\w.]*/.exec(text)?.[0] ?? text;
}

export function pathWith(folder: string): string {
  return `${folder}:${process.env["PATH"] ?? ""}`;
}

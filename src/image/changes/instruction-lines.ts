import { DvmError } from "../../base/errors.ts";

/** One instruction of a Dockerfile: its word as it was written, and all that follows. */
export interface InstructionLine {
  name: string;
  value: string;
}

/** Instructions of a Dockerfile's text: without comments and empty lines, long ones joined. */
export function instructionLines(text: string): InstructionLine[] {
  const lines: string[] = [];
  let begun = "";
  for (const line of text.split("\n")) {
    if (/^\s*#/.test(line) || (begun !== "" && line.trim() === "")) continue;
    const whole = begun + (begun === "" ? line.trimStart() : line);
    const goesOn = /\\[ \t]*$/.test(whole);
    begun = goesOn ? whole.replace(/\\[ \t]*$/, "") : "";
    if (!goesOn && whole.trim() !== "") lines.push(whole.trim());
  }
  if (begun.trim() !== "") lines.push(begun.trim());
  if (lines.length === 0) throw new DvmError("invalid", "file with no instructions");
  return lines.map((line) => {
    const [, name = "", value = ""] = /^(\S+)\s*(.*)$/s.exec(line) ?? [];
    return { name, value };
  });
}

import { summarize } from "../measure/statistics.ts";
import { isFigure, type Row } from "./figure.ts";
import { judge } from "./goals.ts";
import type { MachineDescription } from "./machine.ts";

/** All of one run of the benchmark. */
export interface Results {
  /** The command that made them. */
  command: string;
  date: string;
  machine: MachineDescription;
  rows: Row[];
  /** Sections that could not be measured as they must be, with the reason. */
  failures: string[];
}

/** The results for a program, each row with its summary and goals. Milliseconds, and 10⁶ bytes. */
export function resultsJson(results: Results): string {
  const { rows, machine } = results;
  const described = rows.map((row) =>
    isFigure(row)
      ? { ...row, ...summarize(row.values), goals: judge(row, rows, machine.accelerator) }
      : row,
  );
  return `${JSON.stringify({ ...results, rows: described }, undefined, 2)}\n`;
}

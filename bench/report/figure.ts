import type { SectionName } from "../options.ts";

export type Unit = "ms" | "MB";

/** Which row of a section: what was measured, of whom. */
export interface RowKey {
  section: SectionName | "daemon";
  what: string;
  /** Who did it. */
  of: string;
  /** Of rows that differ by how many there are at once, such as `N = 10`. */
  scale?: string | undefined;
}

/** What was measured. */
export interface Figure extends RowKey {
  unit: Unit;
  /** Each repetition's. */
  values: number[];
}

/** What could not be measured here. */
export interface Gap extends RowKey {
  reason: string;
}

export type Row = Figure | Gap;

export function isFigure(row: Row): row is Figure {
  return "values" in row;
}

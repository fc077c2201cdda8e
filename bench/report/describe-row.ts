import { summarize } from "../measure/statistics.ts";
import { isFigure, type Row, type Unit } from "./figure.ts";
import { judge, ratioTo } from "./goals.ts";

export const columns = ["of", "median", "min–max", "n", "× docker", "goal"] as const;

/** A row's cells, one for each of {@link columns}. */
export function describeRow(row: Row, rows: readonly Row[], accelerator: string): string[] {
  const of = row.scale === undefined ? row.of : `${row.of}, ${row.scale}`;
  if (!isFigure(row)) return [of, "–", "", "", "", `left out: ${row.reason}`];
  const { median, min, max, count } = summarize(row.values);
  const ratio = row.of === "docker" ? undefined : ratioTo("docker", row, rows);
  const goals = judge(row, rows, accelerator)
    .filter(({ met }) => met !== undefined)
    .map(({ text, met }) => `${text}: ${met === true ? "met" : "MISSED"}`);
  return [
    of,
    describeValue(median, row.unit),
    count === 1 ? "" : `${describeValue(min, row.unit)} – ${describeValue(max, row.unit)}`,
    String(count),
    ratio === undefined ? "" : ratio.toFixed(2),
    goals.join("; "),
  ];
}

/** As a person reads it: `12.3 ms`, `412 ms`, `28.3 s`, `9.1 MB`. */
export function describeValue(value: number, unit: Unit): string {
  if (unit === "ms" && Math.abs(value) >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  return `${value.toFixed(Math.abs(value) < 100 ? 1 : 0)} ${unit}`;
}

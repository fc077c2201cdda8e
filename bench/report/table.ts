import Table from "cli-table3";
import { columns, describeRow } from "./describe-row.ts";
import type { Results } from "./results.ts";

/** The results as text, a table for each thing that was measured. */
export function textTables({ rows, machine }: Results): string {
  const things = Map.groupBy(rows, ({ what }) => what);
  return [...things]
    .map(([what, group]) => {
      const table = new Table({
        head: [what, ...columns.slice(1)],
        style: { head: [], border: [], compact: true },
      });
      for (const row of group) table.push(describeRow(row, rows, machine.accelerator));
      return table.toString();
    })
    .join("\n");
}

/** The results as one table of Markdown. */
export function markdownTable({ rows, machine }: Results): string {
  const things = Map.groupBy(rows, ({ what }) => what);
  const lines = [...things].flatMap(([what, group]) =>
    group.map((row, index) => {
      const cells = describeRow(row, rows, machine.accelerator).map(escaped);
      return line([index === 0 ? escaped(what) : "", ...cells]);
    }),
  );
  return [line(["what", ...columns]), line(Array(columns.length + 1).fill("---")), ...lines].join(
    "\n",
  );
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function escaped(text: string): string {
  return text.replace(/[|\n\\]/g, (character) => (character === "|" ? "\\|" : " "));
}

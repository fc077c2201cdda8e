const minWidth = 10;
const gap = 3;

/** Rows padded to columns as docker does: three spaces between, no column narrower than ten. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries())
      widths[index] = Math.max(widths[index] ?? minWidth, length(cell) + gap);
  return rows.map((row) => `${formatRow(row, widths)}\n`).join("");
}

/** The last cell of a row isn't padded. */
function formatRow(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, index) => {
      const fill = index === row.length - 1 ? 0 : (widths[index] ?? 0) - length(cell);
      return cell + " ".repeat(Math.max(0, fill));
    })
    .join("");
}

function length(text: string): number {
  return Array.from(text).length;
}

import { decimalSize } from "../../base/describe-size.ts";
import { formatTable } from "../../cli/output/table.ts";
import type { Budget } from "./budgets.ts";

/** What was measured of one kernel with one accelerator; medians. */
export interface KernelFigures {
  kernel: string;
  accelerator: string;
  release: string;
  imageBytes: number;
  firmwareMs: number;
  initMs: number;
  helloMs: number;
  /** Of all boots, the quickest and the slowest. */
  helloRangeMs: [number, number];
  usedMiB: number;
  unmanagedMiB: number;
  smallestMiB: number | undefined;
  buildMs: number | undefined;
}

const headings = [
  ...["KERNEL", "ACCELERATOR", "BZIMAGE", "FIRMWARE", "ENTRY→INIT", "ENTRY→HELLO", "OF STOCK"],
  ...["USED", "KERNEL'S OWN", "SMALLEST", "BUILD"],
];

export function formatReport(all: KernelFigures[]): string {
  const stock = (one: KernelFigures) =>
    all.find(({ kernel, accelerator }) => kernel === "stock" && accelerator === one.accelerator);
  return formatTable([headings, ...all.map((one) => row(one, stock(one)))]);
}

function row(one: KernelFigures, stock: KernelFigures | undefined): string[] {
  const [least, most] = one.helloRangeMs;
  return [
    one.kernel,
    one.accelerator,
    decimalSize(one.imageBytes),
    `${one.firmwareMs.toFixed(0)} ms`,
    `${one.initMs.toFixed(0)} ms`,
    `${one.helloMs.toFixed(0)} ms (${least.toFixed(0)}–${most.toFixed(0)})`,
    stock === undefined ? "–" : `${((one.helloMs / stock.helloMs) * 100).toFixed(0)} %`,
    `${one.usedMiB.toFixed(1)} MiB`,
    `${one.unmanagedMiB.toFixed(1)} MiB`,
    one.smallestMiB === undefined ? "–" : `${one.smallestMiB} MiB`,
    one.buildMs === undefined ? "–" : `${(one.buildMs / 1000).toFixed(0)} s`,
  ];
}

/** A line for each figure that a budget bounds: what it is, what it may be, and whether it is met. */
export function formatBudgets(all: KernelFigures[], budgets: Record<string, Budget>): string {
  const rows = all
    .filter(({ accelerator }) => accelerator === "tcg")
    .flatMap((figures) => {
      const budget = budgets[figures.kernel];
      return budget === undefined ? [] : budgetRows(figures, budget);
    });
  return rows.length === 0
    ? ""
    : formatTable([["KERNEL", "BUDGET OF", "MAY BE", "IS", ""], ...rows]);
}

function budgetRows(figures: KernelFigures, budget: Budget): string[][] {
  const minutes = figures.buildMs === undefined ? undefined : figures.buildMs / 60_000;
  const lines: [what: string, bound: number, value: number | undefined, unit: string][] = [
    ["bzImage", budget.imageMegabytes, figures.imageBytes / 1e6, "MB"],
    ["entry to hello", budget.helloMs, figures.helloMs, "ms"],
    ["memory used after boot", budget.usedMiB, figures.usedMiB, "MiB"],
    ["smallest machine", budget.smallestMiB, figures.smallestMiB, "MiB"],
    ["build", budget.buildMinutes, minutes, "min"],
  ];
  return lines.flatMap(([what, bound, value, unit]) => {
    if (value === undefined) return [];
    const shown = unit === "ms" || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(2);
    const verdict = value <= bound ? "met" : "MISSED";
    return [[figures.kernel, what, `${bound} ${unit}`, `${shown} ${unit}`, verdict]];
  });
}

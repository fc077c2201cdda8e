import { summarize } from "../measure/statistics.ts";
import { describeValue } from "./describe-row.ts";
import { isFigure, type Figure } from "./figure.ts";
import type { Results } from "./results.ts";

const width = 860;
const labelWidth = 210;
const valueWidth = 170;
const barWidth = width - labelWidth - valueWidth;
const barHeight = 14;
const lineHeight = 22;
const titleHeight = 34;
const margin = 10;
/** Values that differ by so much are drawn on a logarithmic scale. */
const logarithmicFrom = 100;

/** Text takes the colours of the page it is on; where that isn't told, grey is read on both. */
const style = `
text { font: 13px system-ui, sans-serif; fill: #777 }
.title { font-weight: 600 } .value { font-size: 12px }
.ours { fill: #2f7de1 } .peer { fill: #9aa3ad } .range { stroke: #d9822b; stroke-width: 2 }
@media (prefers-color-scheme: light) { text { fill: #24292f } }
@media (prefers-color-scheme: dark) { text { fill: #d8dee4 } }
`;

/** Horizontal bars of the medians, a panel for each thing that was measured of two or more. */
export function plot({ rows }: Results): string {
  const panels = [...Map.groupBy(rows.filter(isFigure), ({ what }) => what)].filter(
    ([, figures]) => figures.length > 1,
  );
  let top = margin;
  const parts = panels.map(([what, figures]) => {
    const drawn = panel(what, figures, top);
    top += titleHeight + figures.length * lineHeight;
    return drawn;
  });
  const height = top + margin;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<style>${style}</style>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

function panel(what: string, figures: readonly Figure[], top: number): string {
  const scale = scaleOf(figures);
  const note = scale.isLogarithmic ? " (logarithmic scale)" : "";
  const title = `<text class="title" x="0" y="${top + 20}">${escaped(what)}${note}</text>`;
  const bars = figures.map((figure, index) =>
    bar(figure, scale, top + titleHeight + index * lineHeight),
  );
  return [title, ...bars].join("\n");
}

interface Scale {
  isLogarithmic: boolean;
  /** Pixels from the left end of the bars. */
  at(value: number): number;
}

function scaleOf(figures: readonly Figure[]): Scale {
  const values = figures.flatMap((figure) => figure.values);
  const most = Math.max(...values);
  const least = Math.min(...values);
  const isLogarithmic = least > 0 && most / least >= logarithmicFrom;
  if (!isLogarithmic)
    return { isLogarithmic, at: (value) => (Math.max(0, value) / most) * barWidth };
  const begin = Math.floor(Math.log10(least));
  const decades = Math.log10(most) - begin;
  return { isLogarithmic, at: (value) => ((Math.log10(value) - begin) / decades) * barWidth };
}

/** The median as a bar, the range from the least to the most as a thin line on it. */
function bar(figure: Figure, scale: Scale, top: number): string {
  const { of, unit, values } = figure;
  const { median, min, max } = summarize(values);
  const label = figure.scale === undefined ? of : `${of}, ${figure.scale}`;
  const [begin, end] = [min, max].map((value) => (labelWidth + scale.at(value)).toFixed(1));
  const middle = top + barHeight / 2;
  const kind = of.startsWith("DVM") ? "ours" : "peer";
  const range =
    values.length > 1
      ? `<line class="range" x1="${begin}" x2="${end}" y1="${middle}" y2="${middle}"/>`
      : "";
  return [
    `<text x="${labelWidth - 8}" y="${top + 11}" text-anchor="end">${escaped(label)}</text>`,
    `<rect class="${kind}" x="${labelWidth}" y="${top}" width="${scale.at(median).toFixed(1)}" height="${barHeight}" rx="2"/>`,
    range,
    `<text class="value" x="${Number(end) + 8}" y="${top + 11}">${describeValue(median, unit)}</text>`,
  ].join("");
}

function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
}

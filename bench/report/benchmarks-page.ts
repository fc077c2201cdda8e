import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DvmError } from "../../src/base/errors.ts";
import { machineLines } from "./machine.ts";
import { plot } from "./plot.ts";
import type { Results } from "./results.ts";
import { markdownTable } from "./table.ts";

const folder = join(import.meta.dirname, "../../docs");
const begin = "<!-- results: written by npm run bench -- --doc -->";
const end = "<!-- end of results -->";

/** Puts the results into docs/benchmarks.md, and the plot beside it. */
export async function updateBenchmarksPage(results: Results): Promise<void> {
  const path = join(folder, "benchmarks.md");
  const page = await readFile(path, "utf8");
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from)
    throw new DvmError(
      "damaged",
      `cannot update ${path}: it lacks the lines "${begin}" and "${end}"`,
    );
  const text = `${page.slice(0, from)}${begin}\n\n${section(results)}\n\n${page.slice(to)}`;
  await writeFile(path, text);
  await writeFile(join(folder, "benchmarks.svg"), plot(results));
}

function section(results: Results): string {
  const { command, date, machine } = results;
  return [
    `By \`${command}\`, ${date}.`,
    machineLines(machine)
      .map((line) => `- ${line}`)
      .join("\n"),
    "![Medians as bars, minimum to maximum as lines](benchmarks.svg)",
    markdownTable(results),
  ].join("\n\n");
}

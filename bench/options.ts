import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { DvmError } from "../src/base/errors.ts";

export const sectionNames = [
  "start-up",
  "http",
  "network",
  "files",
  "exec",
  "streams",
  "burst",
  "idle",
  "loading",
  "registry",
  "distribution",
] as const;
export type SectionName = (typeof sectionNames)[number];

export interface BenchOptions {
  only: readonly SectionName[];
  /** Few repetitions, and no large fleet: to see that all works. */
  quick: boolean;
  /** Folder that results.json and plot.svg are written to. */
  out: string;
  /** Also put the results into docs/benchmarks.md. */
  doc: boolean;
  help: boolean;
}

export const usage = `npm run bench -- [--only SECTION,…] [--quick] [--out FOLDER] [--doc]

  --only SECTION,…  of ${sectionNames.join(", ")}
  --quick           few repetitions, fleets of 10 at most
  --out FOLDER      for results.json and plot.svg (default: bench-results)
  --doc             put the table and the plot into docs/benchmarks.md, too
`;

/** Reads the words after `npm run bench --`. */
export function parseOptions(words: readonly string[]): BenchOptions {
  const { only, quick, out, doc, help } = readWords(words);
  if (doc && only !== undefined)
    throw new DvmError("invalid", "cannot use --doc with --only: the page holds a whole run");
  return {
    only: only?.split(",").map(sectionName) ?? sectionNames,
    quick,
    out: resolve(out),
    doc,
    help,
  };
}

function readWords(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        only: { type: "string" },
        quick: { type: "boolean", default: false },
        out: { type: "string", default: "bench-results" },
        doc: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (cause) {
    throw new DvmError("invalid", "cannot read the options", { cause });
  }
}

/** The command that measures the same; where results went says nothing to who repeats it. */
export function commandOf({ only, quick }: BenchOptions): string {
  const words = [
    ...(only.length === sectionNames.length ? [] : ["--only", only.join(",")]),
    ...(quick ? ["--quick"] : []),
  ];
  return ["npm run bench", ...(words.length > 0 ? ["--", ...words] : [])].join(" ");
}

function sectionName(text: string): SectionName {
  const name = sectionNames.find((one) => one === text.trim());
  if (name !== undefined) return name;
  throw new DvmError(
    "invalid",
    `cannot measure ${text}: the sections are ${sectionNames.join(", ")}`,
  );
}

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describeError, DvmError } from "../src/base/errors.ts";
import {
  commandOf,
  parseOptions,
  sectionNames,
  usage,
  type BenchOptions,
  type SectionName,
} from "./options.ts";
import { Contenders } from "./peers/contenders.ts";
import { updateBenchmarksPage } from "./report/benchmarks-page.ts";
import type { Row } from "./report/figure.ts";
import { describeMachine, machineLines } from "./report/machine.ts";
import { plot } from "./report/plot.ts";
import { resultsJson, type Results } from "./report/results.ts";
import { textTables } from "./report/table.ts";
import { burst } from "./sections/burst.ts";
import { daemonMemory } from "./sections/daemon-memory.ts";
import { distribution } from "./sections/distribution.ts";
import { exec } from "./sections/exec.ts";
import { files } from "./sections/files.ts";
import { http } from "./sections/http.ts";
import { idleFleet } from "./sections/idle-fleet.ts";
import { loading } from "./sections/loading.ts";
import { network } from "./sections/network.ts";
import { registry } from "./sections/registry.ts";
import type { Bench, Section } from "./sections/section.ts";
import { startUp } from "./sections/start-up.ts";
import { streams } from "./sections/streams.ts";

const sections: Record<SectionName, Section> = {
  "start-up": startUp,
  http,
  network,
  files,
  exec,
  streams,
  burst,
  idle: idleFleet,
  loading,
  registry,
  distribution,
};

/**
 * Figures that anyone can repeat: each against others in the same run and in turns, for machines are
 * noisy and only ratios travel. `npm test` must have filled the cache of kernels and fixtures.
 */
async function main(words: readonly string[]): Promise<void> {
  const options = parseOptions(words);
  if (options.help) {
    process.stdout.write(usage);
    return;
  }
  const results = await measureAll(options);
  console.log([...machineLines(results.machine), textTables(results)].join("\n"));
  await mkdir(options.out, { recursive: true });
  await writeFile(join(options.out, "results.json"), resultsJson(results));
  await writeFile(join(options.out, "plot.svg"), plot(results));
  if (results.failures.length > 0) {
    console.error(["", ...results.failures].join("\n"));
    process.exitCode = 1;
  } else if (options.doc) await updateBenchmarksPage(results);
}

async function measureAll(options: BenchOptions): Promise<Results> {
  const { only, quick } = options;
  const say = (text: string) => console.error(`bench: ${text}`);
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => stop.abort(new DvmError("unavailable", `broken off by ${signal}`)));
  await using contenders = await Contenders.start(say);
  const bench: Bench = { contenders, quick, say, signal: stop.signal };
  const rows: Row[] = [];
  const failures: string[] = [];
  for (const name of sectionNames.filter((one) => only.includes(one))) {
    say(name);
    try {
      rows.push(...(await sections[name](bench)));
    } catch (error) {
      stop.signal.throwIfAborted();
      failures.push(`${name} failed: ${describeError(error).split("\n")[0]}`);
      say(failures.at(-1) ?? "");
    }
  }
  rows.push(...(await daemonMemory(bench)));
  const date = new Date().toISOString().slice(0, 10);
  return {
    command: commandOf(options),
    date,
    machine: await describeMachine(contenders),
    rows,
    failures,
  };
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof DvmError ? `bench: ${describeError(error)}` : error);
  process.exitCode = 1;
}

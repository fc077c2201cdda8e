import { stat } from "node:fs/promises";
import { join } from "node:path";
import { timed } from "../measure/timed.ts";
import { inTurns, type Turn } from "../measure/in-turns.ts";
import type { CommandLine } from "../peers/command-line.ts";
import type { Fixture } from "../peers/fixture.ts";
import { archiveMiB, archiveOf } from "../peers/real-files.ts";
import type { Row } from "../report/figure.ts";
import { ofPeer, rows, type Bench } from "./section.ts";
import { storing } from "./storing.ts";

/** The same archives, of real files of this machine, into both and out again; and what the store makes of many files. */
export async function loading(bench: Bench): Promise<Row[]> {
  const { contenders, say } = bench;
  say(`making archives of ${archiveMiB} MiB`);
  const large = await archiveOf(join(contenders.work, "large"), "large files");
  const many = await archiveOf(join(contenders.work, "many"), "many files");
  return [
    ...(await loadAndRemove(bench, large, (megabytes) => `load and rmi of ${megabytes} MB`)),
    ...(await loadAndRemove(
      bench,
      many,
      (megabytes) => `load and rmi of ${megabytes} MB, 30,000 files in 8 layers`,
    )),
    ...(await storing(bench, many)),
  ];
}

async function loadAndRemove(
  { contenders, quick, signal }: Bench,
  fixture: Fixture,
  describe: (megabytes: number) => string,
): Promise<Row[]> {
  const clone = await contenders.clone();
  const docker = await contenders.docker();
  const outcomes = await inTurns(
    [
      { ...turn(clone.commandLine, fixture), of: "DVM", mustWork: true },
      ofPeer(docker, (one) => turn(one.commandLine, fixture)),
    ],
    { times: quick ? 1 : 3, signal },
  );
  const megabytes = Math.round((await stat(fixture.archive)).size / 1e6);
  return rows("loading", { what: describe(megabytes) }, outcomes);
}

function turn(commandLine: CommandLine, { archive, image }: Fixture): Turn {
  const measure = () =>
    timed(async () => {
      await commandLine.words(["load", "-i", archive]);
      await commandLine.words(["rmi", image]);
    });
  return { of: commandLine.name, mustWork: false, measure };
}

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { timed } from "../measure/timed.ts";
import { inTurns, type Turn } from "../measure/in-turns.ts";
import type { CommandLine } from "../peers/command-line.ts";
import type { Fixture } from "../peers/fixture.ts";
import { makeArchive } from "../peers/make-archive.ts";
import type { Row } from "../report/figure.ts";
import { ofPeer, rows, type Bench } from "./section.ts";
import { storing } from "./storing.ts";

const archiveMiB = 300;
const image = "bench-large:1";

/** The same archives, of real files of this machine, into both and out again; and what the store makes of many files. */
export async function loading(bench: Bench): Promise<Row[]> {
  const { contenders, say } = bench;
  say(`making archives of ${archiveMiB} MiB`);
  const large = await makeArchive(join(contenders.work, "large"), { image, script: largeFiles });
  const many = await makeArchive(join(contenders.work, "many"), { image, script: smallFiles });
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

function turn(commandLine: CommandLine, { archive }: Fixture): Turn {
  const measure = () =>
    timed(async () => {
      await commandLine.words(["load", "-i", archive]);
      await commandLine.words(["rmi", image]);
    });
  return { of: commandLine.name, mustWork: false, measure };
}

/** Files of /usr below a size, up to so many bytes with their headers, by the tools that are there. */
function files(most: { eachKiB: number; bytes: number; count: number }): string {
  return `
find /usr -xdev -type f -size -${most.eachKiB}k -readable 2>/dev/null | sort |
  xargs -d '\\n' stat -c '%s %n' | awk -v most=${most.bytes} '{ sum += $1 + 1024; if (sum > most || NR > ${most.count}) exit; print substr($0, index($0, " ") + 1) }' > list
`;
}

const largeFiles = `${files({ eachKiB: 8192, bytes: archiveMiB * 2 ** 20, count: 1e6 })}
tar -cf layer.tar --no-recursion -T list 2>/dev/null
`;

const smallFiles = `${files({ eachKiB: 40, bytes: archiveMiB * 2 ** 20, count: 30_000 })}
split -n l/8 -d -a 1 list part
for number in 0 1 2 3 4 5 6 7; do
  tar -cf layer$number.tar --no-recursion -T part$number 2>/dev/null
done
`;

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { timed } from "../measure/timed.ts";
import { inTurns, type Turn } from "../measure/in-turns.ts";
import type { CommandLine } from "../peers/command-line.ts";
import type { Fixture } from "../peers/fixture.ts";
import { makeArchive } from "../peers/make-archive.ts";
import type { Row } from "../report/figure.ts";
import { ofPeer, rows, type Bench } from "./section.ts";

const archiveMiB = 300;
const image = "bench-large:1";

/** The same archive, of real files of this machine, into both and out again. */
export async function loading({ contenders, quick, signal, say }: Bench): Promise<Row[]> {
  const clone = await contenders.clone();
  const docker = await contenders.docker();
  say(`making an archive of ${archiveMiB} MiB`);
  const large = await makeArchive(join(contenders.work, "large"), { image, script: fill });
  const outcomes = await inTurns(
    [
      { ...turn(clone.commandLine, large), of: "DVM", mustWork: true },
      ofPeer(docker, (one) => turn(one.commandLine, large)),
    ],
    { times: quick ? 1 : 3, signal },
  );
  const megabytes = Math.round((await stat(large.archive)).size / 1e6);
  return rows("loading", { what: `load and rmi of ${megabytes} MB` }, outcomes);
}

function turn(commandLine: CommandLine, { archive }: Fixture): Turn {
  const measure = () =>
    timed(async () => {
      await commandLine.words(["load", "-i", archive]);
      await commandLine.words(["rmi", image]);
    });
  return { of: commandLine.name, mustWork: false, measure };
}

/** Files of /usr, by the tools that are there. */
const fill = `
find /usr/lib /usr/share /usr/bin -xdev -type f -size -8M -readable 2>/dev/null | sort |
  xargs -d '\\n' stat -c '%s %n' | awk -v most=${archiveMiB * 2 ** 20} '{ sum += $1 + 1024; if (sum > most) exit; print substr($0, index($0, " ") + 1) }' > list
tar -cf layer.tar --no-recursion -T list 2>/dev/null
`;

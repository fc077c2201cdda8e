import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { inTurns, type Turn } from "../measure/in-turns.ts";
import { runProgram } from "../measure/run-program.ts";
import { attempt } from "../peers/attempt.ts";
import type { ContainerEngine } from "../peers/container-engine.ts";
import type { Fixture } from "../peers/fixture.ts";
import { makeArchive } from "../peers/make-archive.ts";
import type { Row } from "../report/figure.ts";
import { debianLayer } from "./http.ts";
import { ofPeer, rows, type Bench } from "./section.ts";
import { warm } from "./warm.ts";

const packages = 150;
const filesOfPackage = 10;
const repository = `${packages * filesOfPackage} files`;

/** The Debian of the fixtures, and this host's fio and git on top. */
const script = `${debianLayer}
for program in "$(command -v fio)" "$(command -v git)"; do
  { echo "$program"; ldd "$program" | grep -o '/[^ ]*'; } | while read -r file; do
    install -D "$(realpath "$file")" "more$(dirname "$(realpath "$(dirname "$file")")/x")/$(basename "$file")"
  done
done
tar -C more --owner 0 --group 0 -cf layer2.tar .
rm -r more
`;

/** Writes a repository as a project's of npm is, with a commit of all of it, to the current folder. */
const project = `
git init -q . && git config user.email bench@example.org && git config user.name bench
for package in $(seq ${packages}); do
  mkdir -p node_modules/package-$package
  for number in $(seq ${filesOfPackage}); do
    echo "module.exports = $package * $number" >node_modules/package-$package/file-$number.js
  done
done
git add -A && git commit -qm all && git gc -q && tar -cf ../project.tar -C .. project
`;

const places = ["scratch", "volume", "bind", "disk volume"] as const;
type Place = (typeof places)[number];
const folders: Record<Place, string> = {
  ...{ scratch: "/scratch", volume: "/volume", bind: "/bind", "disk volume": "/disk" },
};

const fio = (words: string) =>
  `fio --name=bench --filename=fio.data --ioengine=psync --output-format=json ${words}`;
const measured = [
  {
    what: "fio, 64 MB written, then synced",
    command: fio("--rw=write --bs=1M --size=64M --end_fsync=1"),
    isFio: true,
  },
  { what: "fio, 64 MB read", command: fio("--rw=read --bs=1M --size=64M"), isFio: true },
  {
    what: "fio, 200 writes of 4 KB, each synced",
    command: fio("--rw=randwrite --bs=4k --size=64M --io_size=800k --fsync=1"),
    isFio: true,
  },
  {
    what: "fio, 2000 reads of 4 KB",
    command: fio("--rw=randread --bs=4k --size=64M --io_size=8000k"),
    isFio: true,
  },
  {
    what: `git status of ${repository}`,
    command: "cd project && git status --short",
    isFio: false,
  },
  {
    what: `walk that reads ${repository}`,
    command: "cd project && find node_modules -type f -print0 | xargs -0 cat | wc -c",
    isFio: false,
  },
] as const;

/** A container that has all places. */
interface Filled {
  engine: ContainerEngine;
  name: string;
  places: readonly Place[];
}

/** What files cost on a container's own disk, on volumes of both kinds, and on a folder of the host. */
export async function files(bench: Bench): Promise<Row[]> {
  const { contenders, quick, signal, say } = bench;
  const image = await makeArchive(join(contenders.work, "files-image"), {
    image: "bench-files:1",
    script,
  });
  const clone = await contenders.clone();
  await clone.warmUp(image);
  const docker = await warm(await contenders.docker(), image);
  await using resources = new AsyncDisposableStack();
  say("a repository on each place");
  const bind = join(contenders.work, "files-bind");
  await mkdir(join(bind, "project"), { recursive: true });
  await runProgram(["sh", "-ec", project], { cwd: join(bind, "project") });
  const fill = (engine: ContainerEngine, all: readonly Place[]) =>
    filled(engine, { image, bind, resources, places: all });
  const ours = await fill(clone, places);
  const theirs = await ofPeer(docker, (one) =>
    attempt(one.name, () => fill(one, places.slice(0, 3))),
  );
  const all: Row[] = [];
  for (const { what, command, isFio } of measured)
    for (const place of ["scratch", "volume", "bind"] as const) {
      say(`${what}, ${place}`);
      const entries = [
        turnOf(ours, { place, command, isFio }),
        ...(place === "volume" ? [turnOf(ours, { place: "disk volume", command, isFio })] : []),
        "peer" in theirs ? turnOf(theirs.peer, { place, command, isFio }) : theirs,
      ];
      const outcomes = await inTurns(entries, { times: quick ? 1 : 3, signal });
      all.push(...rows("files", { what: `${what}, ${place}` }, outcomes));
    }
  return all;
}

interface FillOptions {
  image: Fixture;
  bind: string;
  resources: AsyncDisposableStack;
  places: readonly Place[];
}

async function filled(
  engine: ContainerEngine,
  { image, bind, resources, places: all }: FillOptions,
): Promise<Filled> {
  const { commandLine } = engine;
  const name = "bench-files";
  const disk = "bench-files-disk";
  const hasDisk = all.includes("disk volume");
  if (hasDisk)
    await commandLine.words(["volume", "create", "-o", "type=disk", "-o", "size=4g", disk]);
  resources.defer(async () => {
    await commandLine.remove(name);
    await commandLine.words(["volume", "rm", "-f", "bench-files", ...(hasDisk ? [disk] : [])]);
  });
  const flags = ["-v", "bench-files:/volume", "-v", `${bind}:/bind`];
  const more = hasDisk ? ["-v", `${disk}:/disk`] : [];
  // what its start wants to be ready isn't of the measurement
  const trial = ["--rm", ...flags, ...more, "--entrypoint", "/bin/true", image.image];
  await commandLine.words(["run", ...trial]);
  await engine.settle();
  await commandLine.runDetached([
    ...["--name", name, ...flags, ...more],
    ...["--entrypoint", "/bin/sleep", image.image, "1000000"],
  ]);
  for (const place of all)
    if (place !== "bind") {
      const folder = folders[place];
      const copy = `mkdir -p ${folder} && tar -xf /bind/project.tar -C ${folder}`;
      await commandLine.words(["exec", name, "sh", "-ec", copy]);
    }
  return { engine, name, places: all };
}

/** fio tells its own time; the others are timed where they run, so that no exec is in it. */
function turnOf(
  { engine, name }: Filled,
  { place, command, isFio }: { place: Place; command: string; isFio: boolean },
): Turn {
  const isOurs = engine.name !== "docker";
  const of = place === "disk volume" ? `${engine.name}, disk volume` : engine.name;
  const timed = `start=$(date +%s%N); ${command} >/tmp/out; echo $(($(date +%s%N) - start))`;
  return {
    ...{ of, mustWork: isOurs },
    measure: async () => {
      const inPlace = `cd ${folders[place]} && export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'; ${isFio ? command : timed}`;
      const words = ["exec", name, "sh", "-ec", inPlace];
      const { stdout } = await engine.commandLine.words(words);
      return isFio ? runtimeOf(stdout) : Number(stdout) / 1e6;
    },
  };
}

function runtimeOf(report: string): number {
  const { jobs } = JSON.parse(report.slice(report.indexOf("{"))) as {
    jobs: { job_runtime: number }[];
  };
  return jobs[0]?.job_runtime ?? Number.NaN;
}

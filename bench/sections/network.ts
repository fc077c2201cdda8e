import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DvmError } from "../../src/base/errors.ts";
import { debianPackages } from "../../test/compat/clients/installations.ts";
import { inTurns, type Turn } from "../measure/in-turns.ts";
import { runProgram } from "../measure/run-program.ts";
import { attempt } from "../peers/attempt.ts";
import type { ContainerEngine } from "../peers/container-engine.ts";
import type { Fixture } from "../peers/fixture.ts";
import { makeArchive } from "../peers/make-archive.ts";
import type { Found } from "../peers/peer.ts";
import type { Row } from "../report/figure.ts";
import { debianLayer, freePort } from "./http.ts";
import { ofPeer, rows, type Bench } from "./section.ts";
import { warm } from "./warm.ts";

const source = join(import.meta.dirname, "../wire/wire.c");
const wirePort = 7007;
const megabytes = 64;
const turns = 2000;
const networkName = "bench-wire";

/** Two servers that do as they are told: one that this host reaches, and one that the first reaches. */
interface Pair {
  of: string;
  mustWork: boolean;
  host: string;
  port: number;
  other: string;
  beside(words: string[]): string[];
}

const measured = [
  { what: `host → guest, ${megabytes} MB`, words: `sink ${megabytes}`, toOther: false },
  { what: `guest → host, ${megabytes} MB`, words: `source ${megabytes}`, toOther: false },
  { what: `host ↔ guest, ${turns} round trips`, words: `echo ${turns}`, toOther: false },
  { what: `guest → guest, ${megabytes} MB`, words: `sink ${megabytes}`, toOther: true },
  { what: `guest ↔ guest, ${turns} round trips`, words: `echo ${turns}`, toOther: true },
] as const;

/** Throughput and latency of published ports and between containers, and how fast nginx answers. */
export async function network(bench: Bench): Promise<Row[]> {
  const { contenders, quick, signal, say } = bench;
  const folder = join(contenders.work, "wire");
  await mkdir(folder);
  const wire = join(folder, "wire");
  await runProgram(["gcc", "-O2", "-static", "-o", wire, source]);
  const image = await makeArchive(join(folder, "image"), {
    image: "bench-wire:1",
    script: `install -D '${wire}' root/bin/wire; ln -s wire root/bin/true; tar -C root -cf layer.tar .`,
  });
  const clone = await contenders.clone();
  await clone.warmUp(image);
  const docker = await warm(await contenders.docker(), image);
  await using resources = new AsyncDisposableStack();
  const pairs = [
    await pairOf(clone, { image, resources, mustWork: true }),
    await ofPeer(docker, async (one) =>
      ofPeer(
        await attempt(one.name, () => pairOf(one, { image, resources, mustWork: false })),
        (pair) => pair,
      ),
    ),
    ofPeer(await contenders.plainGuests(wire, wirePort), (one): Pair => ({
      ...{ of: one.name, mustWork: false, host: one.addresses[0], port: wirePort },
      other: one.addresses[1],
      beside: (words) => one.beside(words),
    })),
  ];
  const all: Row[] = [];
  for (const { what, words, toOther } of measured) {
    say(what);
    const entries = pairs.map((pair) =>
      "reason" in pair ? pair : turnOf(pair, { wire, words, toOther }),
    );
    const outcomes = await inTurns(entries, { times: quick ? 2 : 7, signal });
    all.push(...rows("network", { what }, outcomes));
  }
  return [...all, ...(await nginx(bench))];
}

interface PairOptions {
  image: Fixture;
  resources: AsyncDisposableStack;
  mustWork: boolean;
}

/** Two containers on a network of their own, the first of them published. */
async function pairOf(
  engine: ContainerEngine,
  { image, resources, mustWork }: PairOptions,
): Promise<Pair> {
  const { commandLine } = engine;
  await commandLine.words(["network", "create", networkName]);
  resources.defer(async () => {
    await commandLine.words(["network", "rm", networkName]);
  });
  const port = await freePort();
  const start = async (name: string, flags: string[]) => {
    await engine.settle();
    resources.defer(() => commandLine.remove(name));
    const words = ["--name", name, "--network", networkName, ...flags];
    const server = ["--entrypoint", "/bin/wire", image.image, "serve", String(wirePort)];
    await commandLine.runDetached([...words, ...server]);
  };
  await start("bench-wire-a", ["-p", `127.0.0.1:${port}:${wirePort}`]);
  await start("bench-wire-b", []);
  const format = `{{(index .NetworkSettings.Networks "${networkName}").IPAddress}}`;
  const { stdout } = await commandLine.words(["inspect", "-f", format, "bench-wire-b"]);
  return {
    ...{ of: engine.name, mustWork, host: "127.0.0.1", port, other: stdout.trim() },
    beside: (words) => engine.beside(words),
  };
}

function turnOf(
  pair: Pair,
  { wire, words, toOther }: { wire: string; words: string; toOther: boolean },
): Turn {
  const { of, mustWork, host, port, other } = pair;
  const told = toOther ? `tell ${other} ${wirePort} ${words}` : words;
  return {
    ...{ of, mustWork },
    measure: async () => {
      const asked = pair.beside([wire, "ask", host, String(port), ...told.split(" ")]);
      return Number((await runProgram(asked)).stdout) / 1000;
    },
  };
}

/** Through a published port, by connections that stay open. */
async function nginx({ contenders, quick, signal, say }: Bench): Promise<Row[]> {
  say("nginx by wrk");
  const web = await makeArchive(join(contenders.work, "wrk-web"), {
    image: "bench-wrk:1",
    script: debianLayer,
  });
  const clone = await contenders.clone();
  await clone.warmUp(web);
  const docker = await warm(await contenders.docker(), web);
  await using resources = new AsyncDisposableStack();
  const wrk = await attempt("wrk", () => debianPackages("bookworm", wrkPackages));
  const seconds = quick ? 1 : 3;
  const serverOf = async (engine: ContainerEngine, mustWork: boolean): Promise<Turn> => {
    await engine.settle();
    const port = await freePort();
    const { name, started } = engine.commandLine.serve(web.image, port);
    resources.defer(() => engine.commandLine.remove(name));
    await started;
    const measure = async () => {
      const program = folderOf(wrk);
      const url = `http://127.0.0.1:${port}/`;
      const words = [
        ...["env", `LD_LIBRARY_PATH=${program}/usr/lib/x86_64-linux-gnu`],
        ...[`${program}/usr/bin/wrk`, "-t1", "-c8", `-d${seconds}s`, url],
      ];
      const { stdout } = await runProgram(engine.beside(words));
      return 1e6 / Number(/^Requests\/sec: +([\d.]+)/m.exec(stdout)?.[1]);
    };
    return { of: engine.name, mustWork, measure };
  };
  const entries = [
    await serverOf(clone, true),
    await ofPeer(docker, async (one) =>
      ofPeer(await attempt(one.name, () => serverOf(one, false)), (turn) => turn),
    ),
  ];
  const outcomes = await inTurns(entries, { times: quick ? 2 : 5, signal });
  return rows("network", { what: "nginx, 1000 requests by 8 connections" }, outcomes);
}

const wrkPackages = ["wrk", "libluajit-5.1-2", "libluajit-5.1-common"];

function folderOf(found: Found<string>): string {
  if ("peer" in found) return found.peer;
  throw new DvmError("unavailable", `cannot measure by wrk: ${found.reason}`);
}

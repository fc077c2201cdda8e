import { join } from "node:path";
import { DockerRegistry } from "../../test/support/docker-registry.ts";
import { runProgram } from "../measure/run-program.ts";
import { inTurns, type Turn } from "../measure/in-turns.ts";
import { timed } from "../measure/timed.ts";
import { attempt } from "../peers/attempt.ts";
import type { CommandLine } from "../peers/command-line.ts";
import type { Fixture } from "../peers/fixture.ts";
import type { Found } from "../peers/peer.ts";
import { archiveOf } from "../peers/real-files.ts";
import type { Row } from "../report/figure.ts";
import { ofPeer, rows, type Bench } from "./section.ts";

const repository = "bench/many:1";
const files = "30,000 files in 8 layers";

/** One who pulls and pushes, and the words that run a program in its network. */
interface Client {
  commandLine: CommandLine;
  beside: (words: string[]) => string[];
}

/** The same image from a registry, and into an empty one; gzip at the level that each chooses. */
export async function registry(bench: Bench): Promise<Row[]> {
  const { contenders, say } = bench;
  say("making an archive and filling a registry");
  const many = await archiveOf(join(contenders.work, "registry"), "many files");
  const clone = await contenders.clone();
  const docker = await contenders.docker();
  const ours = { commandLine: clone.commandLine, beside: (words: string[]) => words };
  const theirs = ofPeer(docker, (one) => ({
    commandLine: one.commandLine,
    beside: one.beside.bind(one),
  }));
  const peer: Found<Client> = "reason" in theirs ? theirs : { peer: theirs };
  return [
    ...(await pulling(bench, many, { ours, peer })),
    ...(await pushing(bench, many, { ours, peer })),
  ];
}

interface Clients {
  ours: Client;
  peer: Found<Client>;
}

async function pulling(
  { quick, signal }: Bench,
  { archive }: Fixture,
  { ours, peer }: Clients,
): Promise<Row[]> {
  await using source = await DockerRegistry.start();
  await copyBySkopeo(archive, source);
  // a network of its own can't reach ours: a second registry serves what the first has
  const beside = async ({ beside: within }: Client) =>
    DockerRegistry.start({ storage: source.storage, within });
  const other = "peer" in peer ? await attempt("docker", () => beside(peer.peer)) : peer;
  await using resources = new AsyncDisposableStack();
  if ("peer" in other) resources.use(other.peer);
  const outcomes = await inTurns(
    [
      { ...pull(ours, source), of: "DVM", mustWork: true },
      "peer" in peer ? ofPeer(other, (registry) => pull(peer.peer, registry)) : peer,
    ],
    { times: quick ? 1 : 3, signal },
  );
  return rows("registry", { what: `pull of ${files}` }, outcomes);
}

function pull({ commandLine }: Client, { host }: DockerRegistry): Turn {
  const name = `${host}/${repository}`;
  const measure = async () => {
    const ms = await timed(() => commandLine.words(["pull", "-q", name]));
    await commandLine.words(["rmi", name]);
    return ms;
  };
  return { of: commandLine.name, mustWork: false, measure };
}

/** Each time into a registry that has nothing, of an image that came as an archive of plain layers. */
async function pushing(
  { quick, signal }: Bench,
  { archive, image }: Fixture,
  { ours, peer }: Clients,
): Promise<Row[]> {
  const clients = [ours, ...("peer" in peer ? [peer.peer] : [])];
  for (const { commandLine } of clients) await commandLine.words(["load", "-i", archive]);
  const outcomes = await inTurns(
    [
      { ...push(ours, image), of: "DVM", mustWork: true },
      ofPeer(peer, (one) => push(one, image)),
      { of: "skopeo", mustWork: false, measure: () => pushBySkopeo(archive) },
    ],
    { times: quick ? 1 : 3, signal },
  );
  for (const { commandLine } of clients) await commandLine.words(["rmi", "-f", image]);
  return rows("registry", { what: `push of ${files}` }, outcomes);
}

function push({ commandLine, beside }: Client, image: string): Turn {
  const measure = async () => {
    await using target = await DockerRegistry.start({ within: beside });
    const name = `${target.host}/${repository}`;
    await commandLine.words(["tag", image, name]);
    const ms = await timed(() => commandLine.words(["push", "-q", name]));
    await commandLine.words(["rmi", name]);
    return ms;
  };
  return { of: commandLine.name, mustWork: false, measure };
}

async function pushBySkopeo(archive: string): Promise<number> {
  await using target = await DockerRegistry.start();
  return await timed(() => copyBySkopeo(archive, target));
}

async function copyBySkopeo(archive: string, { host }: DockerRegistry): Promise<void> {
  const words = ["copy", "--dest-tls-verify=false", `docker-archive:${archive}`];
  await runProgram(["skopeo", ...words, `docker://${host}/${repository}`]);
}

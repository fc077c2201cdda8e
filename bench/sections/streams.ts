import { DvmError } from "../../src/base/errors.ts";
import { inTurns, type Turn } from "../measure/in-turns.ts";
import { timed } from "../measure/timed.ts";
import type { ContainerEngine } from "../peers/container-engine.ts";
import { small } from "../peers/fixture.ts";
import type { Row } from "../report/figure.ts";
import { createIdle } from "./api-run.ts";
import { ofPeer, rows, type Bench } from "./section.ts";
import { warm } from "./warm.ts";

const megabytes = 32;
const bytes = megabytes * 2 ** 20;
const sessions = 50;
const requests = 200;
const listed = 100;

interface Measured {
  what: string;
  /** What is there before, and how it is measured; milliseconds. */
  prepare: (engine: ContainerEngine, idles: AsyncDisposableStack) => Promise<() => Promise<number>>;
}

const measured: readonly Measured[] = [
  { what: `exec's output of ${megabytes} MB`, prepare: outputTurn },
  { what: `exec's input of ${megabytes} MB`, prepare: inputTurn },
  { what: `logs of ${megabytes} MB`, prepare: logsTurn },
  { what: `${sessions} × exec … true at once, by the API`, prepare: sessionsTurn },
  { what: `version, the slowest of ${requests} but one in a hundred`, prepare: pingTurn },
  { what: `list of ${listed} containers, the slowest but one in a hundred`, prepare: listTurn },
];

/** Bytes through the daemon, many sessions at once, and how long small requests take at worst. */
export async function streams({ contenders, quick, signal, say }: Bench): Promise<Row[]> {
  const times = quick ? 2 : 7;
  const clone = await contenders.clone();
  await clone.warmUp(small);
  const docker = await warm(await contenders.docker(), small);
  const all: Row[] = [];
  for (const { what, prepare } of measured) {
    say(what);
    await using idles = new AsyncDisposableStack();
    const turn = async (engine: ContainerEngine, mustWork: boolean): Promise<Turn> => ({
      ...{ of: engine.name, mustWork },
      measure: await prepare(engine, idles),
    });
    const turns = [await turn(clone, true), await ofPeer(docker, (one) => turn(one, false))];
    all.push(...rows("streams", { what }, await inTurns(turns, { times, signal })));
  }
  return all;
}

/** A container that idles until the measurement is over. */
async function running(engine: ContainerEngine, idles: AsyncDisposableStack): Promise<string> {
  const { client } = engine;
  const id = await createIdle(engine);
  idles.defer(() => client.containers.remove(id, { force: true }));
  await client.containers.start(id);
  return id;
}

const writer = ["/bin/dd", "if=/dev/zero", "bs=64k", `count=${bytes / 65_536}`];

async function outputTurn(engine: ContainerEngine, idles: AsyncDisposableStack) {
  const id = await running(engine, idles);
  const { execs } = engine.client;
  return () =>
    timed(async () => {
      const exec = await execs.create(id, { Cmd: writer, AttachStdout: true });
      const { socket } = await execs.start(exec, { Detach: false, Tty: true });
      await expectBytes(socket, bytes);
      socket.destroy();
    });
}

async function inputTurn(engine: ContainerEngine, idles: AsyncDisposableStack) {
  const id = await running(engine, idles);
  const { execs } = engine.client;
  const all = Buffer.alloc(bytes);
  return () =>
    timed(async () => {
      const body = { Cmd: ["wc", "-c"], AttachStdin: true, AttachStdout: true };
      const exec = await execs.create(id, body);
      const { socket } = await execs.start(exec, { Detach: false, Tty: true });
      socket.end(all);
      let said = "";
      for await (const chunk of socket) said += String(chunk);
      if (Number(said) !== bytes) throw new DvmError("internal", `${said} of ${bytes} bytes came`);
    });
}

async function logsTurn({ client, hostConfig }: ContainerEngine, idles: AsyncDisposableStack) {
  const script = `i=0; while [ $i -lt ${bytes / 65_536} ]; do cat /tmp/lines; i=$((i+1)); done`;
  const line = "x".repeat(127);
  const Cmd = [`yes ${line} | head -c 65536 >/tmp/lines; ${script}`];
  const body = { Image: small.image, Entrypoint: ["/bin/sh", "-c"], Cmd, HostConfig: hostConfig };
  const { id } = await client.containers.create(body, undefined);
  idles.defer(() => client.containers.remove(id, { force: true }));
  const { exit } = await client.containers.wait(id, "next-exit");
  await client.containers.start(id);
  await exit;
  return () =>
    timed(async () =>
      expectBytes(await client.containers.logs(id, { stdout: true, stderr: true }), bytes),
    );
}

async function sessionsTurn(engine: ContainerEngine, idles: AsyncDisposableStack) {
  const id = await running(engine, idles);
  const { execs } = engine.client;
  const one = async () => {
    const exec = await execs.create(id, { Cmd: ["/bin/true"], AttachStdout: true });
    const { socket } = await execs.start(exec, { Detach: false, Tty: true });
    await expectBytes(socket, 0);
    socket.destroy();
  };
  return () => timed(() => Promise.all(Array.from({ length: sessions }, one)));
}

async function pingTurn({ client }: ContainerEngine) {
  return () => slowest(() => client.system.version());
}

async function listTurn(engine: ContainerEngine, idles: AsyncDisposableStack) {
  const { client } = engine;
  for (let count = 0; count < listed; count += 1) {
    const id = await createIdle(engine);
    idles.defer(() => client.containers.remove(id, { force: true }));
  }
  return () => slowest(() => client.containers.list({ all: true }));
}

/** Of a hundred the second to last. */
async function slowest(action: () => Promise<unknown>): Promise<number> {
  const values: number[] = [];
  for (let count = 0; count < requests; count += 1) values.push(await timed(action));
  return values.toSorted((a, b) => b - a)[requests / 100] ?? Number.NaN;
}

/** Reads to the end; frames' heads come on top. */
async function expectBytes(source: AsyncIterable<Buffer>, least: number): Promise<void> {
  let count = 0;
  for await (const chunk of source) count += chunk.length;
  if (count < least) throw new DvmError("internal", `${count} of ${least} bytes came`);
}

import { DvmError } from "../../src/base/errors.ts";
import { timed } from "../measure/timed.ts";
import { inTurns, type Turn } from "../measure/in-turns.ts";
import { attempt } from "../peers/attempt.ts";
import type { ContainerEngine } from "../peers/container-engine.ts";
import type { Dockerd } from "../peers/dockerd.ts";
import { small } from "../peers/fixture.ts";
import type { Absent, Found, Peer } from "../peers/peer.ts";
import type { Row } from "../report/figure.ts";
import { createIdle } from "./api-run.ts";
import { podmanWith } from "./podman-with.ts";
import { ofPeer, rows, type Bench } from "./section.ts";
import { warm } from "./warm.ts";

/** A command in a container that runs: by each one's client, and by the API alone. */
export async function exec(bench: Bench): Promise<Row[]> {
  const { contenders, quick, signal } = bench;
  const times = quick ? 5 : 25;
  const clone = await contenders.clone();
  await clone.warmUp(small);
  const docker = await warm(await contenders.docker(), small);
  await using idles = new AsyncDisposableStack();
  const byClient: (Turn | Absent)[] = [];
  byClient.push(await execTurn(clone.commandLine, idles, true));
  for (const one of await peers(bench, docker))
    byClient.push(
      "reason" in one ? one : await turnOf(one.name, () => execTurn(one, idles, false)),
    );
  const byApi = [
    await apiTurn(clone, idles, true),
    await ofPeer(docker, (one) => turnOf(one.name, () => apiTurn(one, idles, false))),
  ];
  return [
    ...rows("exec", { what: "exec … true" }, await inTurns(byClient, { times, signal })),
    ...rows("exec", { what: "exec … true, by the API" }, await inTurns(byApi, { times, signal })),
  ];
}

async function peers({ contenders }: Bench, docker: Found<Dockerd>): Promise<(Peer | Absent)[]> {
  const podman = await podmanWith(contenders, small);
  return [
    ofPeer(docker, (one) => one.commandLine),
    ofPeer(podman, (one) => one.withoutNetwork, "podman, no network"),
    ofPeer(await contenders.bare("runc"), (one) => one),
    ofPeer(await contenders.bare("crun"), (one) => one),
  ];
}

/** A peer's turn, where its container comes up. */
async function turnOf(of: string, make: () => Promise<Turn>): Promise<Turn | Absent> {
  return ofPeer(await attempt(of, make), (turn) => turn);
}

async function execTurn(peer: Peer, idles: AsyncDisposableStack, mustWork: boolean): Promise<Turn> {
  const container = idles.use(await peer.startIdle());
  return { of: peer.name, mustWork, measure: () => container.execTrue() };
}

/** Create, start attached, until the output has ended; that it went well is asked outside of the time. */
async function apiTurn(
  engine: ContainerEngine,
  idles: AsyncDisposableStack,
  mustWork: boolean,
): Promise<Turn> {
  const { client } = engine;
  const id = await createIdle(engine);
  idles.defer(() => client.containers.remove(id, { force: true }));
  await engine.settle();
  engine.checkStart(await client.containers.start(id));
  return {
    of: engine.name,
    mustWork,
    measure: async () => {
      let execId = "";
      const ms = await timed(async () => {
        const body = { Cmd: ["/bin/true"], AttachStdout: true, AttachStderr: true };
        execId = await client.execs.create(id, body);
        const { socket } = await client.execs.start(execId, { Detach: false, Tty: false });
        for await (const _chunk of socket.resume());
        socket.destroy();
      });
      const { ExitCode: code } = await client.execs.inspect(execId);
      if (code !== 0)
        throw new DvmError(
          "internal",
          `cannot execute true by ${engine.name}: exit code ${String(code)}`,
        );
      return ms;
    },
  };
}

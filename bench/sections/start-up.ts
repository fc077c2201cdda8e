import { timed } from "../measure/timed.ts";
import { inTurns, type Turn } from "../measure/in-turns.ts";
import type { ContainerEngine } from "../peers/container-engine.ts";
import type { Dockerd } from "../peers/dockerd.ts";
import { small } from "../peers/fixture.ts";
import type { Absent, Found, Peer } from "../peers/peer.ts";
import type { Row } from "../report/figure.ts";
import { apiRun, apiStart } from "./api-run.ts";
import { podmanWith } from "./podman-with.ts";
import { ofPeer, rows, type Bench } from "./section.ts";
import { warm } from "./warm.ts";

/** A container that does nothing: as a whole, the daemon's part of it, and the client's. */
export async function startUp(bench: Bench): Promise<Row[]> {
  const { contenders, quick, signal } = bench;
  const [cold, clone, pool] = [
    await contenders.cold(),
    await contenders.clone(),
    await contenders.pool(),
  ];
  const ours = [cold, clone, pool];
  for (const engine of ours) await engine.warmUp(small);
  const docker = await warm(await contenders.docker(), small);
  const times = quick ? 3 : 15;
  const whole = await inTurns(
    [
      ...ours.map(({ commandLine }) => runTurn(commandLine, true)),
      ...(await peers(bench, docker)).map((one) => ("reason" in one ? one : runTurn(one, false))),
    ],
    { times, signal },
  );
  const starts = await inTurns(
    [
      ...ours.map((engine) => startTurn(engine, true)),
      ofPeer(docker, (one) => startTurn(one, false)),
    ],
    { times, signal },
  );
  return [
    ...rows("start-up", { what: "run --rm … true" }, whole),
    ...rows("start-up", { what: "start call → process runs" }, starts),
    ...(await clientShare(bench, clone)),
  ];
}

async function peers({ contenders }: Bench, docker: Found<Dockerd>): Promise<(Peer | Absent)[]> {
  const podman = await podmanWith(contenders, small);
  return [
    ofPeer(docker, (one) => one.commandLine),
    ofPeer(docker, (one) => one.withoutNetwork, "docker, no network"),
    ofPeer(podman, (one) => one.bridged),
    ofPeer(podman, (one) => one.withoutNetwork, "podman, no network"),
    ofPeer(await contenders.bare("runc"), (one) => one),
    ofPeer(await contenders.bare("crun"), (one) => one),
  ];
}

function runTurn(peer: Peer, mustWork: boolean): Turn {
  return { of: peer.name, mustWork, measure: () => peer.runTrue() };
}

function startTurn(engine: ContainerEngine, mustWork: boolean): Turn {
  return {
    of: engine.name,
    mustWork,
    measure: async () => {
      await engine.settle();
      return apiStart(engine);
    },
  };
}

/** The same run with and without our command line client, in turns; what it adds is the difference. */
async function clientShare({ quick, signal }: Bench, engine: ContainerEngine): Promise<Row[]> {
  const outcomes = await inTurns(
    [
      { ...runTurn(engine.commandLine, true), of: "by CLI" },
      { of: "by API", mustWork: true, measure: () => timed(() => apiRun(engine)) },
    ],
    { times: quick ? 3 : 15, signal },
  );
  const [withClient = [], without = []] = outcomes.map((one) =>
    "values" in one ? one.values : [],
  );
  const added = withClient.map((ms, index) => ms - (without[index] ?? Number.NaN));
  const key = { section: "start-up", of: engine.name, unit: "ms" } as const;
  return [
    { ...key, what: "run --rm … true, by the API", values: without },
    { ...key, what: "what the CLI adds", values: added },
  ];
}

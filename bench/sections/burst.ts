import { DvmError } from "../../src/base/errors.ts";
import { asObject } from "../../src/client/json.ts";
import { allDone } from "../measure/all-done.ts";
import { timed } from "../measure/timed.ts";
import { inTurns, type Turn } from "../measure/in-turns.ts";
import type { ContainerEngine } from "../peers/container-engine.ts";
import { small } from "../peers/fixture.ts";
import type { Row } from "../report/figure.ts";
import { checkOrigin } from "./check-origin.ts";
import { ofPeer, rows, type Bench } from "./section.ts";
import { warm } from "./warm.ts";

const count = 20;
const deadlineMs = 120_000;
/** The image's entrypoint is `sh -c`. */
const command = "echo up; exec sleep 1000000";

/** Twenty containers that are asked for at once: till each one's process has written its line. */
export async function burst({ contenders, quick, signal }: Bench): Promise<Row[]> {
  const clone = await contenders.clone();
  await clone.warmUp(small);
  const docker = await warm(await contenders.docker(), small);
  const times = quick ? 1 : 5;
  const measured = async (start: (engine: ContainerEngine) => Promise<string>) =>
    inTurns([turn(clone, start, true), ofPeer(docker, (one) => turn(one, start, false))], {
      times,
      signal,
    });
  return [
    ...rows("burst", { what: `${count} × run -d at once` }, await measured(byClient)),
    ...rows("burst", { what: `${count} × run -d at once, by the API` }, await measured(byApi)),
  ];
}

function turn(
  engine: ContainerEngine,
  start: (engine: ContainerEngine) => Promise<string>,
  mustWork: boolean,
): Turn {
  return {
    of: engine.name,
    mustWork,
    measure: async () => {
      await engine.settle();
      const ids: string[] = [];
      try {
        const ms = await timed(() =>
          allDone(
            Array.from({ length: count }, async () => {
              const id = await start(engine);
              ids.push(id);
              await isUp(engine, id);
            }),
          ),
        );
        await checkOrigin(engine, ids);
        return ms;
      } finally {
        await engine.commandLine.remove(...ids);
      }
    },
  };
}

function byClient({ commandLine }: ContainerEngine): Promise<string> {
  return commandLine.runDetached([small.image, command]);
}

async function byApi({ client, hostConfig }: ContainerEngine): Promise<string> {
  const body = { Image: small.image, Cmd: [command], HostConfig: hostConfig };
  const { id } = await client.containers.create(body, undefined);
  await client.containers.start(id);
  return id;
}

/** Its process has written its line, and it runs. */
async function isUp({ client, name }: ContainerEngine, id: string): Promise<void> {
  const log = await client.containers.logs(id, { stdout: true, stderr: false, follow: true });
  const timer = setTimeout(() => log.destroy(new Error("no line")), deadlineMs);
  try {
    for await (const chunk of log as AsyncIterable<Buffer>) if (chunk.includes("up\n")) break;
  } finally {
    clearTimeout(timer);
  }
  const { State: state } = await client.containers.inspect(id);
  if (asObject(state)["Running"] !== true)
    throw new DvmError("internal", `cannot use a burst of ${name}: container ${id} does not run`);
}

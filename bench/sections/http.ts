import { createServer } from "node:net";
import { join } from "node:path";
import { DvmError } from "../../src/base/errors.ts";
import { testCache } from "../../test/support/cache.ts";
import { firstAnswer } from "../measure/first-answer.ts";
import { inTurns, type Turn } from "../measure/in-turns.ts";
import type { ContainerEngine } from "../peers/container-engine.ts";
import type { Fixture } from "../peers/fixture.ts";
import { makeArchive } from "../peers/make-archive.ts";
import type { Podman } from "../peers/podman.ts";
import type { Row } from "../report/figure.ts";
import { podmanWith } from "./podman-with.ts";
import { ofPeer, rows, type Bench } from "./section.ts";
import { warm } from "./warm.ts";

const firstPort = 18_080;
const portCount = 100;

/**
 * The Debian of the fixtures as one layer. Its own layers hold what some dockerd refuse: a folder that
 * becomes a file, with a whiteout below it.
 */
export const debianLayer = `
umoci unpack --image '${join(testCache, "fixtures/oci")}:debian' bundle >/dev/null
tar -C bundle/rootfs --exclude=./fixture --numeric-owner --xattrs -cf layer.tar .
rm -r bundle
`;

/** From `run -d -p … nginx` to the first answer through the published port. */
export async function http({ contenders, quick, signal, say }: Bench): Promise<Row[]> {
  const ours = [await contenders.cold(), await contenders.clone(), await contenders.pool()];
  say("making and loading an image with nginx");
  const web = await makeArchive(join(contenders.work, "web"), {
    image: "bench-web:1",
    script: debianLayer,
  });
  for (const engine of ours) await engine.warmUp(web);
  const docker = await warm(await contenders.docker(), web);
  const podman = await podmanWith(contenders, web);
  const port = await freePort();
  const outcomes = await inTurns(
    [
      ...ours.map((engine) => turn(engine, { web, port }, true)),
      ofPeer(docker, (one) => turn(one, { web, port }, false)),
      ofPeer(podman, (one) => turn(podmanServer(one), { web, port }, false)),
    ],
    { times: quick ? 2 : 7, signal },
  );
  return rows("http", { what: "run -d nginx → first HTTP answer" }, outcomes);
}

type Server = Pick<ContainerEngine, "commandLine" | "settle" | "beside">;

function podmanServer({ bridged, beside }: Podman): Server {
  return { commandLine: bridged, beside, settle: async () => {} };
}

function turn(
  server: Server,
  { web, port }: { web: Fixture; port: number },
  mustWork: boolean,
): Turn {
  const { commandLine } = server;
  return {
    of: commandLine.name,
    mustWork,
    measure: async () => {
      await server.settle();
      const beside = (words: string[]) => server.beside(words);
      const served: string[] = [];
      try {
        return await firstAnswer({ port, beside }, async () => {
          const { name, started } = commandLine.serve(web.image, port);
          served.push(name);
          await started;
        });
      } finally {
        await commandLine.remove(...served);
      }
    },
  };
}

/**
 * A port of 127.0.0.1 that nobody listens on. It lies below those that the kernel gives to clients: a
 * client that knocks until a server is there must not meet itself.
 */
export async function freePort(): Promise<number> {
  for (let port = firstPort; port < firstPort + portCount; port += 1)
    if (await isFree(port)) return port;
  throw new DvmError(
    "unavailable",
    `cannot find a free port: ${firstPort} and the ${portCount - 1} after it are taken`,
  );
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

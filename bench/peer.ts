import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const startDeadlineMs = 30_000;

/** A real dockerd with a root of its own. */
export interface Peer extends AsyncDisposable {
  version: string;
  docker(words: string[]): Promise<string>;
}

/** Starts a dockerd without a network below `work`; undefined when none is installed or it won't run. */
export async function startDockerd(work: string): Promise<Peer | undefined> {
  const host = `unix://${join(work, "dockerd.sock")}`;
  const log = await open(join(work, "dockerd.log"), "w");
  const dockerd = spawn(
    "dockerd",
    [
      ...["--data-root", join(work, "dockerd"), "--exec-root", join(work, "dockerd-run")],
      ...["--pidfile", join(work, "dockerd.pid"), "-H", host],
      ...["--bridge=none", "--iptables=false", "--ip6tables=false", "--storage-driver=overlay2"],
    ],
    { stdio: ["ignore", log.fd, log.fd] },
  );
  await log.close();
  const ended = once(dockerd, "exit").catch(() => undefined);
  const docker = async (words: string[]) => (await run("docker", ["-H", host, ...words])).stdout;
  const deadline = performance.now() + startDeadlineMs;
  for (;;) {
    const version = await docker(["version", "-f", "{{.Server.Version}}"]).catch(() => undefined);
    if (version !== undefined) {
      return {
        version: `dockerd ${version.trim()}`,
        docker,
        [Symbol.asyncDispose]: async () => {
          dockerd.kill();
          await ended;
        },
      };
    }
    if (dockerd.exitCode !== null || dockerd.pid === undefined || performance.now() > deadline) {
      dockerd.kill();
      return undefined;
    }
    await delay(100);
  }
}

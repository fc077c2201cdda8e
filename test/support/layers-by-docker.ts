import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { listBelow, type Listed } from "./stack-trees.ts";
import { dockerArchive, makeTar } from "./tar.ts";

const run = promisify(execFile);
const startDeadlineMs = 30_000;

/**
 * What a dockerd makes of these layers: one of its own, without a network and in a mount namespace,
 * with the driver vfs, which applies each layer to a copy of those below.
 */
export async function treeByDocker(layers: readonly Buffer[], work: string): Promise<Listed[]> {
  const socket = join(work, "d.sock");
  const data = join(work, "docker");
  const daemon = spawn(
    "unshare",
    [
      ...["--mount", "dockerd", "--data-root", data, "--exec-root", join(work, "run")],
      ...["--pidfile", join(work, "d.pid"), "-H", `unix://${socket}`, "--storage-driver=vfs"],
      ...["--bridge=none", "--iptables=false", "--ip6tables=false"],
    ],
    { stdio: "ignore" },
  );
  const ended = once(daemon, "exit");
  const docker = async (...words: string[]) =>
    (await run("docker", ["-H", `unix://${socket}`, ...words])).stdout.trim();
  try {
    const deadline = performance.now() + startDeadlineMs;
    while ((await docker("version").catch(() => "")) === "") {
      if (daemon.exitCode !== null || performance.now() > deadline)
        throw new Error("dockerd doesn't come up");
      await delay(100);
    }
    await writeFile(join(work, "made.tar"), makeTar(dockerArchive(layers)));
    await docker("load", "-q", "-i", join(work, "made.tar"));
    const id = await docker("create", "made:latest", "x");
    const store = join(data, "image/vfs/layerdb");
    const chain = await readFile(join(store, "mounts", id, "parent"), "utf8");
    const cache = await readFile(join(store, chain.replace(":", "/"), "cache-id"), "utf8");
    return await listBelow(join(data, "vfs/dir", cache));
  } finally {
    daemon.kill();
    await ended;
  }
}

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { testCache } from "../../test/support/cache.ts";
import { runProgram } from "../measure/run-program.ts";
import { idle } from "./fixture.ts";
import type { IdleContainer, Peer } from "./peer.ts";
import { peersCgroup, type PrivateHost } from "./private-host.ts";

/**
 * runc or crun alone: no client, daemon, image store or layers, and no network but an empty namespace.
 * The bundles (a root file system and a configuration) are made ahead, once.
 */
export async function bareRuntime(
  program: "runc" | "crun",
  host: PrivateHost,
  work: string,
): Promise<Peer> {
  const version = (await runProgram([program, "--version"])).stdout.split("\n")[0] ?? "";
  const runs = await makeBundle(work, `${program}-true`, ["/bin/true"]);
  const idles = await makeBundle(work, `${program}-idle`, idle);
  const call = host.inside([program, "--root", join(work, `${program}-state`)]);
  return {
    name: program,
    version,
    runTrue: async () => (await runProgram([...call, "run", "--bundle", runs, "true"])).ms,
    startIdle: async () => startIdle(call, idles),
  };
}

async function startIdle(call: readonly string[], bundle: string): Promise<IdleContainer> {
  // a container that stays would hold the pipes of its starter's output
  const quietly = ["sh", "-c", 'exec "$@" >/dev/null 2>&1', "sh"];
  await runProgram([...quietly, ...call, "run", "--detach", "--bundle", bundle, "idle"]);
  return {
    execTrue: async () => (await runProgram([...call, "exec", "idle", "/bin/true"])).ms,
    [Symbol.asyncDispose]: async () => {
      await runProgram([...call, "delete", "--force", "idle"]);
    },
  };
}

/** Unpacks the small fixture, and has `words` run in it. */
async function makeBundle(work: string, name: string, words: readonly string[]): Promise<string> {
  const folder = join(work, name);
  const image = `${join(testCache, "fixtures/oci")}:small`;
  await runProgram(["umoci", "unpack", "--image", image, folder]);
  const path = join(folder, "config.json");
  const config = JSON.parse(await readFile(path, "utf8")) as { process: object; linux: object };
  const made = {
    ...config,
    process: { ...config.process, args: words, terminal: false },
    linux: { ...config.linux, cgroupsPath: `${peersCgroup}/${name}` },
  };
  await writeFile(path, JSON.stringify(made));
  return folder;
}

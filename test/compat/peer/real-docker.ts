import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { DvmError } from "../../../src/base/errors.ts";
import { descendants } from "../../../bench/measure/process-tree.ts";
import { runProgram } from "../../../bench/measure/run-program.ts";
import type { PrivateHost } from "../../../bench/peers/private-host.ts";
import type { ComparedEngine } from "../session/engine.ts";

const startDeadlineMs = 30_000;

interface RealDockerSetUp {
  host: PrivateHost;
  /** Where its programs are unpacked. */
  programs: string;
  /** A folder of its own. */
  work: string;
  /** The registry that it takes for Docker Hub's mirror. */
  mirror: string;
}

/** A dockerd 28 on a private host. */
export class RealDocker implements ComparedEngine {
  readonly name = "docker";
  readonly version: string;
  readonly socket: string;
  readonly #host: PrivateHost;
  readonly #process: ChildProcess;

  private constructor(setUp: RealDockerSetUp, child: ChildProcess, version: string) {
    this.#host = setUp.host;
    this.#process = child;
    this.version = version;
    this.socket = join(setUp.work, "docker.sock");
  }

  static async start(setUp: RealDockerSetUp): Promise<RealDocker> {
    const { host, programs, work, mirror } = setUp;
    const log = await open(join(work, "log"), "w");
    const [program = "", ...words] = host.inside([
      ...["dockerd", "--data-root", join(work, "data"), "--exec-root", join(work, "exec")],
      ...["-p", join(work, "docker.pid"), "-H", `unix://${join(work, "docker.sock")}`],
      ...["--registry-mirror", `http://${mirror}`],
    ]);
    const folders = ["usr/bin", "usr/sbin"].map((one) => join(programs, one));
    const PATH = [...folders, process.env["PATH"]].join(":");
    const child = spawn(program, words, {
      stdio: ["ignore", log.fd, log.fd],
      env: { ...process.env, PATH },
    });
    await log.close();
    const deadline = performance.now() + startDeadlineMs;
    while (child.exitCode === null && performance.now() < deadline) {
      const version = await versionAt(join(work, "docker.sock"));
      if (version !== undefined) return new RealDocker(setUp, child, version);
      await delay(200);
    }
    child.kill("SIGKILL");
    const last = (await readFile(join(work, "log"), "utf8")).trim().split("\n").slice(-3);
    throw new DvmError("unavailable", `cannot start dockerd: ${last.join("; ")}`);
  }

  within(words: readonly string[]): string[] {
    return this.#host.besideNetwork(words);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // nsenter ends with the one that it started, and takes note of its end
    const [dockerd] = await descendants([this.#process.pid ?? 0]);
    if (dockerd === undefined) return;
    const ended = once(this.#process, "exit");
    process.kill(dockerd, "SIGTERM");
    await ended;
  }
}

/** Undefined while nobody answers. */
async function versionAt(socket: string): Promise<string | undefined> {
  const asked = runProgram(["curl", "-sf", "--unix-socket", socket, "http://docker/version"]);
  return asked.then(
    ({ stdout }) => /"Version":"([^"]+)"/.exec(stdout)?.[1],
    () => undefined,
  );
}

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { DvmError } from "../../src/base/errors.ts";
import { EngineClient } from "../../src/client/engine-client.ts";
import { descendants } from "../measure/process-tree.ts";
import { runProgram } from "../measure/run-program.ts";
import { CommandLine } from "./command-line.ts";
import type { ContainerEngine } from "./container-engine.ts";
import type { Fixture } from "./fixture.ts";
import { peersCgroup, type PrivateHost } from "./private-host.ts";

const startDeadlineMs = 30_000;
/** What every dockerd since 20.10 speaks. */
const apiVersion = "1.41";

/** A real dockerd with a root of its own, on a private host. */
export class Dockerd implements ContainerEngine, AsyncDisposable {
  readonly name = "docker";
  readonly version: string;
  readonly client: EngineClient;
  readonly commandLine: CommandLine;
  /** The same without a network for containers. */
  readonly withoutNetwork: CommandLine;
  readonly hostConfig = {};
  readonly #host: PrivateHost;
  readonly #process: ChildProcess;
  readonly #loaded = new Set<Fixture>();

  private constructor(parts: {
    host: PrivateHost;
    process: ChildProcess;
    socket: string;
    version: string;
  }) {
    const { host, process, socket, version } = parts;
    const command = ["docker", "-H", `unix://${socket}`];
    this.#host = host;
    this.#process = process;
    this.version = version;
    this.client = new EngineClient({ socketPath: socket, apiVersion });
    this.commandLine = new CommandLine({ name: this.name, version, command });
    this.withoutNetwork = new CommandLine({
      ...{ name: "docker, no network", version, command },
      runFlags: ["--network", "none"],
    });
  }

  static async start(host: PrivateHost, work: string): Promise<Dockerd> {
    const socket = join(work, "dockerd.sock");
    const logPath = join(work, "dockerd.log");
    const log = await open(logPath, "w");
    const [program = "", ...words] = host.inside([
      ...[
        "dockerd",
        "--data-root",
        join(work, "dockerd"),
        "--exec-root",
        join(work, "dockerd-run"),
      ],
      ...["--pidfile", join(work, "dockerd.pid"), "-H", `unix://${socket}`],
      ...["--storage-driver", "overlay2", "--cgroup-parent", peersCgroup],
      ...["--exec-opt", "native.cgroupdriver=cgroupfs"],
    ]);
    const started = spawn(program, words, { stdio: ["ignore", log.fd, log.fd] });
    await log.close();
    const deadline = performance.now() + startDeadlineMs;
    for (;;) {
      const version = await versionOf(socket);
      if (version !== undefined) return new Dockerd({ host, process: started, socket, version });
      if (started.exitCode !== null || performance.now() > deadline) break;
      await delay(100);
    }
    started.kill("SIGKILL");
    const last = (await readFile(logPath, "utf8")).trim().split("\n").slice(-2).join("; ");
    throw new DvmError("unavailable", `cannot start dockerd: ${last}`);
  }

  checkStart(): void {}

  async settle(): Promise<void> {}

  async warmUp(fixture: Fixture): Promise<void> {
    if (!this.#loaded.has(fixture)) await this.commandLine.words(["load", "-i", fixture.archive]);
    this.#loaded.add(fixture);
    await this.commandLine.run(["--rm", "--entrypoint", "/bin/true", fixture.image]);
  }

  beside(words: string[]): string[] {
    return this.#host.besideNetwork(words);
  }

  async processes(): Promise<{ containers: number[]; daemon: number[] }> {
    // nsenter's child is dockerd, whose children are containerd and the proxies of published ports
    const [dockerd = 0, ...below] = await descendants([this.#process.pid ?? 0]);
    const names = await Promise.all(below.map(async (pid) => ({ pid, name: await nameOf(pid) })));
    const isDaemon = ({ name }: { name: string }) => name === "containerd";
    return {
      daemon: [dockerd, ...names.filter(isDaemon).map(({ pid }) => pid)],
      containers: [
        ...names.filter((one) => !isDaemon(one)).map(({ pid }) => pid),
        ...(await this.#host.orphans()),
      ],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ids = (await this.commandLine.words(["ps", "-aq"])).stdout.split("\n").filter(Boolean);
    await this.commandLine.remove(...ids);
    this.client[Symbol.dispose]();
    // nsenter ends with the one that it started, and takes note of its end
    const [dockerd] = await descendants([this.#process.pid ?? 0]);
    if (dockerd === undefined) return;
    const ended = once(this.#process, "exit");
    process.kill(dockerd, "SIGKILL");
    await ended;
  }
}

/** Undefined while nobody answers. */
async function versionOf(socket: string): Promise<string | undefined> {
  const format = "dockerd {{.Server.Version}}, docker CLI {{.Client.Version}}";
  const asked = runProgram(["docker", "-H", `unix://${socket}`, "version", "-f", format]);
  return asked.then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
}

async function nameOf(pid: number): Promise<string> {
  return (await readFile(`/proc/${pid}/comm`, "utf8")).trim();
}

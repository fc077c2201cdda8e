import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, open, readFile, readdir, rm, symlink } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ignore } from "../../src/base/errors.ts";
import { daemonCommand, daemonEnvironment } from "../../src/bin/daemon/daemon-command.ts";
import { endNetworks } from "./switch.ts";
import { fixture, testCache } from "./cache.ts";

const repository = join(import.meta.dirname, "../..");
const startDeadlineMs = 40_000;
const clientDeadlineMs = 120_000;

export interface ClientResult {
  code: number;
  stdout: string;
  stderr: string;
}

interface ClientOptions {
  input?: string | Buffer;
  /** Environment on top of the client's own. */
  environment?: Record<string, string>;
  cwd?: string;
  /** After which the client is killed. */
  timeoutMs?: number;
}

interface DaemonOptions {
  images?: string[];
  /** The daemon's, such as `DVM_POOL`. */
  settings?: Record<string, string>;
  /** A folder of another disk, which its data root is. */
  disk?: string;
  /** Flags of the daemon itself; `ROOT` in them is its folder. */
  flags?: string[];
}

/** A daemon with a data root of its own, which shares kernels with the other tests'. */
export class TestDaemon implements AsyncDisposable {
  readonly root: string;
  readonly #settings: Record<string, string>;
  readonly #disk: string | undefined;
  readonly #flags: string[];
  #process: ChildProcess | undefined;

  private constructor(root: string, { settings = {}, disk, flags = [] }: DaemonOptions) {
    this.root = root;
    this.#settings = settings;
    this.#disk = disk;
    this.#flags = flags.map((flag) => flag.replaceAll("ROOT", root));
  }

  static async start(options: DaemonOptions = {}): Promise<TestDaemon> {
    const root = await mkdtemp(join(tmpdir(), "dvm-test-"));
    const daemon = new TestDaemon(root, options);
    try {
      await daemon.#prepare(options.images ?? []);
      return daemon;
    } catch (error) {
      await daemon[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #prepare(images: string[]): Promise<void> {
    if (this.#disk === undefined) await mkdir(join(this.root, "data"));
    else await symlink(this.#disk, join(this.root, "data"));
    // what is built is moved to its place, which another disk's can't be
    const programs = ["agent", "tools", "dvm-switch", "dvm-forwarder", "dvm-fileserver"];
    const built = this.#disk === undefined ? programs : [];
    for (const shared of ["kernels", "initramfs", "scratch", ...built]) {
      await mkdir(join(testCache, "data", shared), { recursive: true });
      await symlink(join(testCache, "data", shared), join(this.root, "data", shared));
    }
    // whether KVM works here is found out once
    await ignore("ENOENT", () =>
      copyFile(join(testCache, "data/accelerator.json"), join(this.root, "data/accelerator.json")),
    );
    await this.startProcess();
    for (const image of images) await this.succeeds(["load", "-i", fixture(image)]);
  }

  get environment(): Record<string, string> {
    return {
      DVM_DATA_ROOT: join(this.root, "data"),
      DVM_RUN_ROOT: join(this.root, "run"),
      DOCKER_HOST: `unix://${join(this.root, "run/dvm.sock")}`,
      DOCKER_CONFIG: join(this.root, "docker"),
    };
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  async startProcess(): Promise<void> {
    const log = await open(join(this.root, "daemon.log"), "a");
    const [program, ...words] = daemonCommand(
      { dataRoot: join(this.root, "data"), runRoot: join(this.root, "run") },
      ["--at-socket-too", ...this.#flags],
    );
    this.#process = spawn(program, words, {
      env: {
        ...process.env,
        ...daemonEnvironment,
        NODE_COMPILE_CACHE: join(testCache, "compile-cache"),
        ...this.#settings,
      },
      stdio: ["ignore", log.fd, log.fd],
    });
    await log.close();
    const deadline = performance.now() + startDeadlineMs;
    while (!(await answers(join(this.root, "run/dvm.sock")))) {
      assert.equal(this.#process.exitCode, null, await this.log());
      assert(performance.now() < deadline, "the daemon's socket doesn't answer");
      await delay(20);
    }
  }

  /** Ends the daemon's process; its machines live on. */
  async endProcess(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const process = this.#process;
    if (process === undefined || process.exitCode !== null || process.signalCode !== null) return;
    const ended = once(process, "exit");
    process.kill(signal);
    await ended;
  }

  log(): Promise<string> {
    return readFile(join(this.root, "daemon.log"), "utf8");
  }

  /** All of a client's environment. */
  get clientEnvironment(): NodeJS.ProcessEnv {
    return { ...process.env, ...this.environment };
  }

  /** `./dvm …` against this daemon. */
  dvm(words: string[], options: ClientOptions = {}): Promise<ClientResult> {
    return this.client(join(repository, "dvm"), words, options);
  }

  /** The real docker CLI against this daemon. */
  docker(words: string[], options: ClientOptions = {}): Promise<ClientResult> {
    return this.client("docker", words, options);
  }

  /** As {@link dvm}; gives what it printed, and fails the test when it failed. */
  async succeeds(words: string[], options: ClientOptions = {}): Promise<string> {
    const result = await this.dvm(words, options);
    assert.equal(result.code, 0, `dvm ${words.join(" ")}: ${result.stderr}${result.stdout}`);
    return result.stdout;
  }

  spawnClient(words: string[], options: ClientOptions = {}): ChildProcess {
    return spawn(join(repository, "dvm"), words, {
      env: { ...this.clientEnvironment, ...options.environment },
      cwd: options.cwd ?? this.root,
    });
  }

  async client(program: string, words: string[], options: ClientOptions): Promise<ClientResult> {
    const child = spawn(program, words, {
      env: { ...this.clientEnvironment, ...options.environment },
      cwd: options.cwd ?? this.root,
      timeout: options.timeoutMs ?? clientDeadlineMs,
      killSignal: "SIGKILL",
    });
    child.stdin.on("error", () => {}); // a client may end before it has read all
    child.stdin.end(options.input ?? "");
    const result: ClientResult = { code: -1, stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (result.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (result.stderr += text));
    const [code]: unknown[] = await once(child, "close");
    result.code = typeof code === "number" ? code : -1;
    return result;
  }

  /** Folders of machines that are there now, those that stand ready or are being made too. */
  async machines(): Promise<string[]> {
    return readdir(join(this.root, "run/machines")).catch(() => []);
  }

  /** Process ids of all machines below this daemon's root. */
  machineProcesses(): Promise<number[]> {
    return machinesBelow(this.root);
  }

  /** Process ids of all daemons with this run root. */
  daemons(): Promise<number[]> {
    return processesWith("dvmd.ts", join(this.root, "run"));
  }

  /** Ends everything; a machine that outlives its container fails the test. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      const ids = (await this.dvm(["ps", "-aq", "--no-trunc"])).stdout.split("\n").filter(Boolean);
      if (ids.length > 0) await this.dvm(["rm", "-fv", ...ids]);
      await this.endProcess();
      await endNetworks(this.root);
      assert.deepEqual(await machinesBelow(this.root), [], "machines that were left running");
      assert.deepEqual(await processesWith("dvm-forwarder", this.root), [], "forwarders, too");
    } finally {
      for (const pid of await machinesBelow(this.root)) process.kill(pid, "SIGKILL");
      await this.endProcess("SIGKILL");
      await rm(this.root, { recursive: true, force: true });
    }
  }
}

/** Process ids of the VMMs whose command line names a file below `root`. */
function machinesBelow(root: string): Promise<number[]> {
  return processesWith("qemu-system", root);
}

/** Process ids of those whose command line holds all `texts`. */
async function processesWith(...texts: string[]): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found: number[] = [];
  for (const pid of pids) {
    const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (texts.every((text) => line.includes(text))) found.push(pid);
  }
  return found;
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

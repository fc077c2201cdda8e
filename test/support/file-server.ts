import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, copyFile, mkdir, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const run = promisify(execFile);
const sources = join(import.meta.dirname, "../fileserver");
const serverFolder = join(import.meta.dirname, "../../fileserver");

/** Why file systems can't be mounted here; undefined: they can. */
export const missingForMounts: string | undefined =
  process.getuid?.() === 0 ? undefined : "mounts need root";

/** Programs in a folder of their own, which any user may run. */
export interface FileServerPrograms extends AsyncDisposable {
  server: string;
  relay: string;
  questions: string;
}

/** Builds the server, and the programs that the tests need beside it. */
export async function buildFileServer(): Promise<FileServerPrograms> {
  const folder = await mkdtemp(join(tmpdir(), "dvm-test-"));
  await chmod(folder, 0o755);
  const program = (name: string) => join(folder, name);
  const programs = {
    server: program("server"),
    relay: program("relay"),
    questions: program("questions"),
  };
  await run("make", ["-s", "-C", serverFolder, "all"]);
  await copyFile(join(serverFolder, "build/dvm-fileserver"), programs.server);
  const strict = ["-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra", "-Werror", "-Wno-unused-result"];
  await run("gcc", [...strict, "-pthread", "-o", programs.relay, join(sources, "relay.c")]);
  const parts = (await readdir(join(sources, "questions"))).filter((name) => name.endsWith(".c"));
  const paths = parts.map((name) => join(sources, "questions", name));
  // static: it is asked inside of machines too
  await run("gcc", [...strict, "-static", "-o", programs.questions, ...paths]);
  const dispose = () => rm(folder, { recursive: true, force: true });
  return { ...programs, [Symbol.asyncDispose]: dispose };
}

/** What the program `questions` has printed, by question. */
export function answersIn(text: string): Map<string, string> {
  const answers = new Map<string, string>();
  let last = "";
  for (const line of text.trimEnd().split("\n")) {
    const [question = "", answer] = line.split(/: (.*)/s);
    /* a program that a question runs may say several lines */
    if (answer === undefined || /^[UG]id|^CapEff/.test(question))
      answers.set(last, `${answers.get(last)}\n${line}`);
    else answers.set((last = question), answer);
  }
  return answers;
}

export interface MountOptions {
  programs: FileServerPrograms;
  owners: "real" | "mapped" | "ours";
  /** The folder of the host that is shared. */
  shared: string;
  /** Whom the server runs as; root by default. */
  uid?: number;
  /** How many descriptors the server may have. */
  descriptors?: number;
}

/** A share of the host, mounted by this host's kernel as by a guest's. */
export class MountedShare {
  readonly folder: string;
  #processes: ChildProcess[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** The share, to read and write. */
  get path(): string {
    return join(this.folder, "mounted/share");
  }

  /** The same, read-only. */
  get readOnly(): string {
    return join(this.folder, "mounted/read-only");
  }

  get serverPid(): number {
    return this.#processes[1]?.pid ?? 0;
  }

  static async start(options: MountOptions): Promise<MountedShare> {
    const share = new MountedShare(await mkdtemp(join(tmpdir(), "dvm-test-")));
    try {
      await share.#start(options);
    } catch (error) {
      await share[Symbol.asyncDispose]();
      throw error;
    }
    return share;
  }

  async #start({ programs, owners, shared, uid = 0, descriptors }: MountOptions): Promise<void> {
    await chown(this.folder, uid, uid);
    await mkdir(join(this.folder, "mounted"));
    const machine = join(this.folder, "machine.sock");
    const relay = spawn(programs.relay, [machine, join(this.folder, "mounted")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#processes.push(relay);
    const mounted = once(relay.stdout, "data", { signal: AbortSignal.timeout(10_000) });
    this.#processes.push(
      startServer(programs.server, [machine, this.control], { uid, descriptors }),
    );
    await mounted;
    const path = encodeURI(shared);
    const lines = [`add share rw ${owners} ${path}`, `add read-only ro ${owners} ${path}`];
    await tellServer(this.control, lines);
  }

  get control(): string {
    return join(this.folder, "control.sock");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run("umount", ["-l", join(this.folder, "mounted")]).catch(() => undefined);
    for (const child of this.#processes) child.kill("SIGKILL");
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Starts a server for a machine's socket, which is there or comes soon. */
export function startServer(
  program: string,
  [machine, control]: [machine: string, control: string],
  { uid = 0, descriptors }: { uid?: number; descriptors?: number | undefined } = {},
): ChildProcess {
  const user = process.getuid?.() === uid ? {} : { uid, gid: uid };
  const limit = descriptors === undefined ? "" : `ulimit -n ${descriptors}; `;
  const line = `${limit}exec ${program} --machine ${machine} --control ${control}`;
  return spawn("sh", ["-c", line], {
    ...user,
    stdio: ["ignore", "inherit", "pipe"],
  });
}

/** Sends lines to a server's control socket, and gives an answer for each. */
export async function tellServer(control: string, lines: string[]): Promise<string[]> {
  const socket = connect(control);
  await once(socket, "connect");
  const answers = createInterface({ input: socket })[Symbol.asyncIterator]();
  const found: string[] = [];
  for (const line of lines) {
    socket.write(`${line}\n`);
    const answer = await answers.next();
    found.push(answer.done === true ? "" : answer.value);
  }
  socket.destroy();
  return found;
}

/** Resident memory of a process in KiB. */
export async function residentKiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
}

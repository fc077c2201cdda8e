import { spawn, type ChildProcess } from "node:child_process";
import { open, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { DvmError } from "../../../base/errors.ts";
import { endProcess, processStartTime, waitForProcessEnd } from "../../../host/processes.ts";
import { readTail } from "../../../host/read-tail.ts";
import type { Tool } from "../../../host/tools.ts";
import type {
  Accelerator,
  DiskContent,
  Hypervisor,
  Machine,
  MachineExit,
  MachineSpec,
  PublishedPort,
} from "../../machine.ts";
import {
  escaped,
  forward,
  machineFiles,
  nicName,
  qemuArguments,
  templateFiles,
  type MachineFiles,
} from "./arguments.ts";
import { exchangeDisk } from "./disks.ts";
import { loadState, saveState } from "./migration.ts";
import { QmpConnection } from "./qmp.ts";

const defaultConsoleTailBytes = 4096;

/** One heap for all threads, no stock of small blocks beside it, and what is freed goes back. */
const sparingMalloc = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_TRIM_THRESHOLD_: "65536",
  MALLOC_MMAP_THRESHOLD_: "65536",
  G_SLICE: "always-malloc",
};

/** The program, or where it is found when a machine starts: it may be installed meanwhile. */
export type QemuProgram = string | (() => Promise<Tool | undefined>);

/** How machines are started. */
interface QemuParts {
  program: QemuProgram;
  /** What {@link privateRam} gives; without it clones keep memory that their guests have freed. */
  privateRam: () => Promise<string | undefined>;
}

/** The QEMU driver: `microvm` machines, outliving this process. */
export function qemuHypervisor(
  program: QemuProgram,
  accelerators: Accelerator[],
  privateRam: () => Promise<string | undefined> = async () => undefined,
): Hypervisor {
  const parts = { program, privateRam };
  return {
    name: "qemu",
    capabilities: { fileSharing: "9p", accelerators, pause: true, templates: true },
    version: () => version(parts),
    start: (spec, options) => startQemu(parts, spec, options?.signal),
    find: findQemu,
    below: machinesBelow,
  };
}

/** By their command lines: one whose daemon was killed right after its start has no pid file yet. */
async function machinesBelow(root: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const words = (await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "")).split("\0");
    const isQemu = words[0]?.includes("qemu-system") ?? false;
    if (isQemu && words.some((word) => word.includes(`path=${escaped(root)}/`)))
      found.push(Number(name));
  }
  return found;
}

async function startQemu(
  { program, privateRam }: QemuParts,
  spec: MachineSpec,
  signal: AbortSignal | undefined,
): Promise<Machine> {
  signal?.throwIfAborted();
  const files = machineFiles(spec.runFolder);
  await using errors = await open(files.errors, "w", 0o600);
  const qemu = await locate(program);
  const preload = spec.template === undefined ? undefined : await privateRam();
  const returnsFreePages = spec.template === undefined || preload !== undefined;
  const own = [...qemu.arguments, ...qemuArguments(spec, { returnsFreePages })];
  const [command, ...words] = withFileBinds([qemu.path, ...own], spec);
  const child = spawn(command, words, {
    detached: true,
    stdio: ["ignore", errors.fd, errors.fd],
    cwd: "/",
    env: {
      PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
      ...sparingMalloc,
      ...qemu.environment,
      ...privateRamEnvironment(preload, spec),
    },
  });
  const exited = exitOf(child, files);
  await spawned(child, qemu.path);
  const pid = child.pid ?? 0;
  child.unref();
  const template = spec.template?.folder;
  const hold = () => child.ref();
  const machine = new QemuMachine({ id: spec.id, pid, files, exited, hold, template });
  await writeFile(files.pidFile, `${pid} ${await processStartTime(pid)}\n`, { mode: 0o600 });
  if (spec.template?.use === "clone")
    await resumeClone(machine, { folder: spec.template.folder, files, preload });
  return machine;
}

/** Brings a clone to the point where its template was saved, and lets it go on from there. */
async function resumeClone(
  machine: Machine,
  { folder, files, preload }: { folder: string; files: MachineFiles; preload: string | undefined },
): Promise<void> {
  let isComing = true;
  void machine.exited.then(() => (isComing = false));
  try {
    await using control = await QmpConnection.open(files.controlSocket, () => isComing);
    if (preload !== undefined) await checkLoaded(machine.pid, preload);
    const { state } = templateFiles(folder);
    await loadState(control, { stateFile: state, socketPath: files.stateSocket });
    await control.execute("cont");
  } catch (cause) {
    await machine.kill();
    const { errors } = await machine.exited;
    throw new DvmError("damaged", `cannot start a machine from its template: ${errors}`, { cause });
  }
}

/** The loader only warns of a library that it can't load, and the template would be at risk then. */
async function checkLoaded(pid: number, preload: string): Promise<void> {
  if ((await readFile(`/proc/${pid}/maps`, "utf8")).includes(`/${basename(preload)}`)) return;
  throw new DvmError("unavailable", `cannot use QEMU for a clone: it did not load ${preload}`);
}

/** A program that was replaced has another size or time. */
async function version({ program, privateRam }: QemuParts): Promise<string> {
  const { path } = await locate(program);
  const { size, mtimeMs } = await stat(path);
  return `${path} ${size} ${mtimeMs}${(await privateRam()) === undefined ? "" : " private RAM"}`;
}

function privateRamEnvironment(
  preload: string | undefined,
  { template }: MachineSpec,
): Record<string, string> {
  if (preload === undefined || template?.use !== "clone") return {};
  return { LD_PRELOAD: preload, DVM_TEMPLATE_RAM: templateFiles(template.folder).ram };
}

/** A machine is known again by pid *and* start time, so that a reused pid is not mistaken for it. */
async function findQemu(id: string, runFolder: string): Promise<Machine | undefined> {
  const files = machineFiles(runFolder);
  const text = await readFile(files.pidFile, "utf8").catch(() => "");
  const [pidText = "", startTime = ""] = text.trim().split(" ");
  const pid = Number(pidText);
  if (!Number.isInteger(pid) || pid <= 0 || startTime === "") return undefined;
  if ((await processStartTime(pid)) !== startTime) return undefined;
  const exited = waitForProcessEnd(pid, startTime).then(async () => ({
    code: undefined,
    signal: undefined,
    errors: await readTail(files.errors, defaultConsoleTailBytes),
  }));
  return new QemuMachine({ id, pid, files, exited });
}

/** Binds each file inside a mount namespace that only this QEMU has; no privileges are needed. */
const bindScript = `
while [ "$1" != -- ]; do mount --bind "$1" "$2" || exit 1; shift 2; done
shift
exec "$@"`;

function withFileBinds(qemu: [string, ...string[]], spec: MachineSpec): [string, ...string[]] {
  if (spec.fileBinds.length === 0) return qemu;
  const asRoot = process.getuid?.() === 0 ? [] : ["--map-root-user"];
  const binds = spec.fileBinds.flatMap(({ source, target }) => [source, target]);
  return ["unshare", ...asRoot, "--mount", "sh", "-c", bindScript, "sh", ...binds, "--", ...qemu];
}

async function locate(program: QemuProgram): Promise<Tool> {
  if (typeof program === "string") return { path: program, arguments: [], environment: {} };
  const found = await program();
  if (found !== undefined) return found;
  throw new DvmError("unavailable", "cannot start a machine: QEMU is not installed", {
    hint: "run `dvm setup`, or see `dvm doctor`",
  });
}

class QemuMachine implements Machine {
  readonly id: string;
  readonly pid: number;
  readonly agentSocket: string;
  readonly exited: Promise<MachineExit>;
  readonly #files: MachineFiles;
  readonly #hold: () => void;
  readonly #template: string | undefined;
  #gone = false;

  constructor(parts: {
    id: string;
    pid: number;
    files: MachineFiles;
    exited: Promise<MachineExit>;
    /** Keeps this process from ending before `exited` settles. */
    hold?: (() => void) | undefined;
    /** Folder of the template that it is saved to or came from, as far as that matters still. */
    template?: string | undefined;
  }) {
    this.id = parts.id;
    this.pid = parts.pid;
    this.#hold = parts.hold ?? (() => {});
    this.#template = parts.template;
    this.#files = parts.files;
    this.agentSocket = parts.files.agentSocket;
    this.exited = parts.exited.then((exit) => {
      this.#gone = true;
      return exit;
    });
  }

  async consoleTail(bytes = defaultConsoleTailBytes): Promise<string> {
    return readTail(this.#files.console, bytes);
  }

  async kill(): Promise<void> {
    if (!this.#gone) {
      this.#hold();
      endProcess(this.pid);
    }
    await this.exited;
  }

  async pause(): Promise<void> {
    await using control = await QmpConnection.open(this.#files.controlSocket);
    await control.execute("stop");
  }

  async resume(): Promise<void> {
    await using control = await QmpConnection.open(this.#files.controlSocket);
    await control.execute("cont");
  }

  async save(): Promise<void> {
    if (this.#template === undefined)
      throw new DvmError("unsupported", "cannot save a machine that was not started for it");
    await using control = await QmpConnection.open(this.#files.controlSocket);
    await control.execute("stop");
    const { state } = templateFiles(this.#template);
    await saveState(control, { stateFile: state, socketPath: this.#files.stateSocket });
    await this.kill();
  }

  async insertDisk(name: string, disk: DiskContent): Promise<void> {
    await using control = await QmpConnection.open(this.#files.controlSocket);
    await exchangeDisk(control, name, disk);
  }

  async ejectDisk(name: string, empty: DiskContent): Promise<void> {
    await using control = await QmpConnection.open(this.#files.controlSocket);
    await exchangeDisk(control, name, empty);
  }

  async publish(ports: PublishedPort[]): Promise<void> {
    if (ports.length === 0) return;
    await using control = await QmpConnection.open(this.#files.controlSocket);
    for (const port of ports) {
      const command = `hostfwd_add ${nicName(0)} ${forward(port)}`;
      // QMP has no command of its own for it; an empty answer is success
      const answer = await control.execute("human-monitor-command", { "command-line": command });
      if (answer !== "")
        throw new DvmError("unavailable", `cannot publish a port: ${String(answer).trim()}`);
    }
  }

  async moveTo(id: string, runFolder: string): Promise<Machine> {
    await rename(dirname(this.#files.pidFile), runFolder);
    return new QemuMachine({
      id,
      pid: this.pid,
      files: machineFiles(runFolder),
      exited: this.exited,
      hold: this.#hold,
      template: this.#template,
    });
  }
}

function exitOf(child: ChildProcess, files: MachineFiles): Promise<MachineExit> {
  return new Promise((resolve) => {
    const settle = (code: number | null, signal: string | null) => {
      void readTail(files.errors, defaultConsoleTailBytes).then((errors) => {
        resolve({ code: code ?? undefined, signal: signal ?? undefined, errors });
      });
    };
    child.once("exit", settle);
    child.once("error", () => settle(null, null));
  });
}

async function spawned(child: ChildProcess, binary: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (cause) => {
      reject(
        new DvmError("unavailable", `cannot start a machine: ${binary} does not run`, {
          cause,
          hint: "run `dvm setup`, or see `dvm doctor`",
        }),
      );
    });
  });
}

import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { DvmError } from "../../../base/errors.ts";
import { findCompanion, startCompanion, type CompanionFiles } from "../../../host/companion.ts";
import type { Tool } from "../../../host/tools.ts";
import type { Capabilities, Hypervisor, Machine, MachineSpec } from "../../machine.ts";
import { acceleratorNames, bootDeadlineMs } from "./accelerator-names.ts";
import { chooseAccelerator, type AcceleratorProbe } from "./accelerator.ts";
import { machineFiles, qemuArguments, templateFiles } from "./arguments.ts";
import { launched } from "./cards.ts";
import { loadState } from "./migration.ts";
import { QemuMachine } from "./qemu-machine.ts";
import { QmpConnection } from "./qmp.ts";
import { endStrays } from "./strays.ts";

/** One heap for all threads, no stock of small blocks beside it, and what is freed goes back. */
const sparingMalloc = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_TRIM_THRESHOLD_: "65536",
  MALLOC_MMAP_THRESHOLD_: "65536",
  G_SLICE: "always-malloc",
};

const capabilities: Capabilities = {
  fileSharing: true,
  pause: true,
  templates: true,
  // of eight virtio-mmio places the agent's channel and the balloon have two; a source of entropy has
  // none: the guest's kernel begins with the processor's, and is given the host's before a container
  devices: 6,
  diskFormats: ["raw", "vmdk", "device", "empty"],
  diskExchange: true,
  cards: ["user", "tap"],
  publishing: true,
  connections: true,
};

/** How machines are started. */
export interface QemuParts {
  /** Where QEMU is when a machine starts: it may be installed meanwhile. */
  program: () => Promise<Tool | undefined>;
  /** What {@link privateRam} gives; without it clones keep memory that their guests have freed. */
  privateRam: () => Promise<string | undefined>;
  /** How it is found out whether KVM works. */
  probe: AcceleratorProbe;
}

/** The QEMU driver: `microvm` machines, outliving this process. */
export function qemuHypervisor(parts: QemuParts): Hypervisor {
  return {
    name: "qemu",
    capabilities,
    accelerators: acceleratorNames,
    version: () => version(parts),
    chooseAccelerator: (want, kernel) =>
      chooseAccelerator(want, { ...parts.probe, kernel, locate: () => locate(parts) }),
    kernelFeatures: ["microvm"],
    bootDeadlineMs,
    start: (spec, options) => startQemu(parts, spec, options?.signal),
    find: findQemuMachine,
    endStrays,
  };
}

async function startQemu(
  parts: QemuParts,
  spec: MachineSpec,
  signal: AbortSignal | undefined,
): Promise<Machine> {
  signal?.throwIfAborted();
  const qemu = await locate(parts);
  const preload = spec.template === undefined ? undefined : await parts.privateRam();
  const returnsFreePages = spec.template === undefined || preload !== undefined;
  const companion = await startCompanion(
    launched(spec.nics, [
      qemu.path,
      ...qemu.arguments,
      ...qemuArguments(spec, { returnsFreePages }),
    ]),
    companionFiles(spec.runFolder),
    {
      PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
      ...sparingMalloc,
      ...qemu.environment,
      ...privateRamEnvironment(preload, spec),
    },
  ).catch(withHint);
  const { id, runFolder, template } = spec;
  const machine = new QemuMachine({ id, runFolder, companion, template: template?.folder });
  if (template?.use === "clone")
    await resumeClone(machine, { folder: template.folder, runFolder, preload });
  return machine;
}

/** Brings a clone to the point where its template was saved, and lets it go on from there. */
async function resumeClone(
  machine: QemuMachine,
  parts: { folder: string; runFolder: string; preload: string | undefined },
): Promise<void> {
  const { controlSocket, stateSocket } = machineFiles(parts.runFolder);
  let isComing = true;
  void machine.exited.then(() => (isComing = false));
  try {
    await using control = await QmpConnection.open(controlSocket, () => isComing);
    if (parts.preload !== undefined) await checkLoaded(machine.processId, parts.preload);
    const { state } = templateFiles(parts.folder);
    await loadState(control, { stateFile: state, socketPath: stateSocket });
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
async function version(parts: QemuParts): Promise<string> {
  const { path } = await locate(parts);
  const { size, mtimeMs } = await stat(path);
  const privateRam = await parts.privateRam();
  return `${path} ${size} ${mtimeMs}${privateRam === undefined ? "" : " private RAM"}`;
}

function privateRamEnvironment(
  preload: string | undefined,
  { template }: MachineSpec,
): Record<string, string> {
  if (preload === undefined || template?.use !== "clone") return {};
  return { LD_PRELOAD: preload, DVM_TEMPLATE_RAM: templateFiles(template.folder).ram };
}

async function findQemuMachine(id: string, runFolder: string): Promise<Machine | undefined> {
  const companion = await findCompanion(companionFiles(runFolder));
  return companion && new QemuMachine({ id, runFolder, companion });
}

function companionFiles(runFolder: string): CompanionFiles {
  const { pidFile, errors, lifeline } = machineFiles(runFolder);
  return { pidFile, logFile: errors, lifeline };
}

async function locate({ program }: QemuParts): Promise<Tool> {
  const found = await program();
  if (found !== undefined) return found;
  throw new DvmError("unavailable", "cannot start a machine: QEMU is not installed", {
    hint: "run `dvm setup`, or see `dvm doctor`",
  });
}

function withHint(cause: unknown): never {
  if (!(cause instanceof DvmError) || cause.code !== "unavailable") throw cause;
  throw new DvmError("unavailable", "cannot start a machine: QEMU does not run", {
    cause,
    hint: "run `dvm setup`, or see `dvm doctor`",
  });
}

import { DvmError } from "../../../base/errors.ts";
import type { Companion } from "../../../host/companion.ts";
import { readTail } from "../../../host/read-tail.ts";
import type {
  DiskContent,
  Machine,
  MachineExit,
  MachineMemory,
  PublishedPort,
} from "../../machine.ts";
import { machineFiles, templateFiles, type MachineFiles } from "./arguments.ts";
import { publishPorts } from "./cards.ts";
import { exchangeDisk } from "./disks.ts";
import { readFailure } from "./failure.ts";
import { guestMemory } from "./guest-memory.ts";
import { saveState } from "./migration.ts";
import { QmpConnection } from "./qmp.ts";

const tailBytes = 4096;

export interface QemuMachineParts {
  id: string;
  runFolder: string;
  companion: Companion;
  /** Folder of the template that it is saved to or came from, as far as that matters still. */
  template?: string | undefined;
}

/** A QEMU that runs, ours or that of an earlier daemon. */
export class QemuMachine implements Machine {
  readonly id: string;
  readonly handle: string;
  readonly processId: number;
  readonly agentSocket: string;
  readonly filesSocket: string;
  readonly connectionsSocket: string;
  readonly exited: Promise<MachineExit>;
  readonly #files: MachineFiles;
  readonly #parts: QemuMachineParts;

  constructor(parts: QemuMachineParts) {
    const { pid, startTime } = parts.companion.identity;
    const files = machineFiles(parts.runFolder);
    this.id = parts.id;
    this.handle = `process ${pid} of ${startTime}`;
    this.processId = pid;
    this.agentSocket = files.agentSocket;
    this.filesSocket = files.filesSocket;
    this.connectionsSocket = files.connectionsSocket;
    this.exited = exitOf(parts.companion, files);
    this.#files = files;
    this.#parts = parts;
  }

  async consoleTail(bytes = tailBytes): Promise<string> {
    return readTail(this.#files.console, bytes);
  }

  async memory(): Promise<MachineMemory | undefined> {
    return guestMemory(this.processId);
  }

  async kill(): Promise<void> {
    await this.#parts.companion.kill();
    await this.exited;
  }

  async pause(): Promise<void> {
    await using control = await this.#control();
    await control.execute("stop");
  }

  async resume(): Promise<void> {
    await using control = await this.#control();
    await control.execute("cont");
  }

  async isOutOfSpace(): Promise<boolean> {
    await using control = await this.#control();
    return runState(await control.execute("query-status")) === "io-error";
  }

  async save(): Promise<void> {
    const { template } = this.#parts;
    if (template === undefined)
      throw new DvmError("unsupported", "cannot save a machine that was not started for it");
    await using control = await this.#control();
    await control.execute("stop");
    const { state } = templateFiles(template);
    await saveState(control, { stateFile: state, socketPath: this.#files.stateSocket });
    await this.kill();
  }

  async insertDisk(name: string, disk: DiskContent): Promise<void> {
    await using control = await this.#control();
    await exchangeDisk(control, name, disk);
  }

  async ejectDisk(name: string, empty: DiskContent): Promise<void> {
    await using control = await this.#control();
    await exchangeDisk(control, name, empty);
  }

  async publish(ports: PublishedPort[]): Promise<void> {
    if (ports.length === 0) return;
    await using control = await this.#control();
    await publishPorts(control, ports);
  }

  #control(): Promise<QmpConnection> {
    return QmpConnection.open(this.#files.controlSocket);
  }
}

/** `io-error`: a write that `werror=enospc` stops for. */
function runState(answer: unknown): unknown {
  return typeof answer === "object" && answer !== null && "status" in answer
    ? answer.status
    : undefined;
}

async function exitOf(companion: Companion, files: MachineFiles): Promise<MachineExit> {
  const exit = await companion.exited;
  const errors = await readTail(files.errors, tailBytes);
  return { ...exit, errors, failure: readFailure(errors) };
}

import { randomUUID } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { DvmError } from "../../../base/errors.ts";
import { readTail } from "../../../host/read-tail.ts";
import type {
  Capabilities,
  DiskContent,
  Machine,
  MachineExit,
  MachineSpec,
  PublishedPort,
} from "../../machine.ts";
import { publishedPorts } from "../../nics.ts";
import type { FakeBoard, FakeGuest, FakeGuestMaker } from "./fake-guest.ts";
import { FakePorts } from "./fake-ports.ts";
import { FakeSocket } from "./fake-socket.ts";
import { loadFake, saveFake } from "./fake-template.ts";

/** Machines that run, by the folders that they are found by. */
export type FakeMachines = Map<string, FakeMachine>;

export interface FakeParts {
  makeGuest: FakeGuestMaker;
  capabilities: Capabilities;
  machines: FakeMachines;
}

const defaultConsoleTailBytes = 4096;
const nothingSaid = { errors: "", failure: undefined };
const killed: MachineExit = { code: undefined, signal: "SIGKILL", ...nothingSaid };

/** A machine of this process: a guest of JavaScript behind a real socket, real ports and folders. */
export class FakeMachine implements Machine {
  readonly id: string;
  readonly handle: string;
  readonly processId = undefined;
  readonly exited: Promise<MachineExit>;
  readonly #inside: Inside;
  readonly #runFolder: string;

  constructor(id: string, runFolder: string, inside: Inside) {
    this.id = id;
    this.#runFolder = runFolder;
    this.#inside = inside;
    this.handle = inside.handle;
    this.exited = inside.exited;
  }

  static async start(parts: FakeParts, spec: MachineSpec): Promise<FakeMachine> {
    const { template } = spec;
    const saved = template?.use === "clone" ? await loadFake(template.folder, spec) : undefined;
    const inside = await Inside.start(parts, spec, saved);
    const machine = new FakeMachine(spec.id, spec.runFolder, inside);
    parts.machines.set(spec.runFolder, machine);
    return machine;
  }

  get filesSocket(): string {
    return filesSocketIn(this.#runFolder);
  }

  /** Nobody listens there. */
  get connectionsSocket(): string {
    return join(this.#runFolder, "connections.sock");
  }

  get agentSocket(): string {
    return agentSocketIn(this.#runFolder);
  }

  consoleTail(bytes = defaultConsoleTailBytes): Promise<string> {
    return readTail(consoleIn(this.#runFolder), bytes);
  }

  /** It takes what its guest takes of this process, which nobody can tell. */
  async memory(): Promise<undefined> {}

  async kill(): Promise<void> {
    this.#inside.end(killed);
    await this.exited;
  }

  async pause(): Promise<void> {
    this.#require("pause");
    this.#inside.socket.hold();
  }

  async resume(): Promise<void> {
    this.#require("pause");
    this.#inside.goOn();
  }

  async isOutOfSpace(): Promise<boolean> {
    return this.#inside.isOutOfSpace;
  }

  async save(): Promise<void> {
    this.#require("templates");
    await this.#inside.save();
    await this.kill();
  }

  async insertDisk(name: string, disk: DiskContent): Promise<void> {
    this.#require("diskExchange");
    this.#inside.exchange(name, disk);
  }

  async ejectDisk(name: string, empty: DiskContent): Promise<void> {
    this.#require("diskExchange");
    this.#inside.exchange(name, empty);
  }

  async publish(ports: PublishedPort[]): Promise<void> {
    if (ports.length === 0) return;
    this.#require("publishing");
    await this.#inside.publish(ports);
  }

  /** The same one, for a daemon that came later. */
  foundAs(id: string): FakeMachine {
    return new FakeMachine(id, this.#runFolder, this.#inside);
  }

  isBelow(root: string): boolean {
    return this.#runFolder.startsWith(`${root}/`);
  }

  #require(capability: "pause" | "templates" | "diskExchange" | "publishing"): void {
    if (this.#inside.parts.capabilities[capability]) return;
    throw new DvmError("unsupported", `cannot do this: this fake driver has no ${capability}`);
  }
}

/** What stays the same of a machine when it moves. */
class Inside {
  readonly parts: FakeParts;
  /** No other machine of this host ever has it. */
  readonly handle = `fake machine ${randomUUID()}`;
  readonly exited: Promise<MachineExit>;
  readonly socket: FakeSocket;
  readonly #files: FakeSocket;
  readonly #guest: FakeGuest;
  readonly #ports = new FakePorts();
  readonly #spec: MachineSpec;
  readonly #console: number;
  readonly #exit = Promise.withResolvers<MachineExit>();
  #runFolder: string;
  #ended = false;
  #isDiskFull = false;
  #isOutOfSpace = false;

  private constructor(parts: FakeParts, spec: MachineSpec, place: InsidePlace) {
    this.parts = parts;
    this.socket = place.socket;
    this.#files = place.files;
    this.#spec = { ...spec, disks: [...spec.disks] };
    this.#runFolder = spec.runFolder;
    this.#console = openSync(consoleIn(spec.runFolder), "a", 0o600);
    this.exited = this.#exit.promise;
    this.#guest = parts.makeGuest(this.#board(), place.saved);
    place.guest.resolve(this.#guest);
  }

  static async start(
    parts: FakeParts,
    spec: MachineSpec,
    saved: string | undefined,
  ): Promise<Inside> {
    const guest = Promise.withResolvers<FakeGuest>();
    const socket = await FakeSocket.listen(agentSocketIn(spec.runFolder), (connection) => {
      void guest.promise.then((one) => one.serve(connection));
    });
    const files = await FakeSocket.listen(filesSocketIn(spec.runFolder), (connection) => {
      void guest.promise.then((one) => one.serveFiles?.(connection));
    });
    const inside = new Inside(parts, spec, { socket, files, guest, saved });
    try {
      await inside.publish(publishedPorts(spec.nics));
      return inside;
    } catch (error) {
      inside.end(killed);
      await inside.exited;
      throw error;
    }
  }

  get isOutOfSpace(): boolean {
    return this.#isOutOfSpace;
  }

  goOn(): void {
    this.#isOutOfSpace &&= this.#isDiskFull;
    if (!this.#isOutOfSpace) this.socket.release();
  }

  publish(ports: readonly PublishedPort[]): Promise<void> {
    return this.#ports.publish(ports, this.#guest);
  }

  exchange(name: string, content: DiskContent): void {
    const { disks } = this.#spec;
    const place = disks.findIndex((disk) => disk.name === name);
    if (place === -1)
      throw new DvmError("not-found", `cannot exchange disk ${name}: the machine has no such disk`);
    disks[place] = { ...content, name };
  }

  async save(): Promise<void> {
    const { template, disks } = this.#spec;
    if (template?.use !== "make")
      throw new DvmError("unsupported", "cannot save a machine that was not started for it");
    if (disks.some(({ format }) => format === "vmdk"))
      throw new DvmError("unavailable", "cannot save a machine: a disk of an image is in it");
    this.socket.hold();
    await saveFake(template.folder, this.#spec, this.#guest.save());
  }

  end(exit: MachineExit): void {
    if (this.#ended) return;
    this.#ended = true;
    this.parts.machines.delete(this.#runFolder);
    this.#guest.end();
    closeSync(this.#console);
    const closing = [
      this.socket[Symbol.asyncDispose](),
      this.#files[Symbol.asyncDispose](),
      this.#ports[Symbol.asyncDispose](),
      rm(agentSocketIn(this.#runFolder), { force: true }),
      rm(filesSocketIn(this.#runFolder), { force: true }),
    ];
    void Promise.allSettled(closing).then(() => this.#exit.resolve(exit));
  }

  #board(): FakeBoard {
    return {
      spec: this.#spec,
      say: (text) => {
        if (!this.#ended) writeSync(this.#console, text);
      },
      fillDisk: (isFull) => {
        this.#isDiskFull = isFull;
        if (!isFull) return;
        this.#isOutOfSpace = true;
        this.socket.hold();
      },
      // not before the one who leaves has gone in
      leave: (exit) =>
        setImmediate(() => this.end({ code: 0, signal: undefined, ...nothingSaid, ...exit })),
    };
  }
}

interface InsidePlace {
  socket: FakeSocket;
  files: FakeSocket;
  guest: PromiseWithResolvers<FakeGuest>;
  saved: string | undefined;
}

function filesSocketIn(runFolder: string): string {
  return join(runFolder, "files.sock");
}

function agentSocketIn(runFolder: string): string {
  return join(runFolder, "agent.sock");
}

function consoleIn(runFolder: string): string {
  return join(runFolder, "console.log");
}

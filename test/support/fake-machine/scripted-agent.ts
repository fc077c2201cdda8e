import type { Duplex } from "node:stream";
import type { ClockReading } from "../../../src/agent/agent-types.ts";
import { encodeFrame, syncFrame, type Frame } from "../../../src/agent/frames.ts";
import { frameType, request } from "../../../src/agent/protocol.ts";
import type { HealthReport } from "../../../src/agent/health.ts";
import { MessageReader, MessageWriter } from "../../../src/agent/wire.ts";
import type { FakeBoard, FakeGuest } from "../../../src/machine/drivers/fake/fake-guest.ts";
import { encodeHealthReport, encodeHello, encodeSuccess, GuestFailure } from "./agent-messages.ts";
import type { Fault, FaultPoint } from "./faults.ts";
import { HostFrames } from "./host-frames.ts";
import { requestHandlers } from "./request-handlers.ts";
import type { ScriptedContainer } from "./scripted-container.ts";
import type { GuestState, MachineScript, ScriptedGuest, ScriptedStart } from "./scripted-guest.ts";
import { ScriptedProcess } from "./scripted-process.ts";

const requestNames = new Map<number, keyof typeof request>(
  Object.entries(request).map(([name, type]) => [type, name as keyof typeof request]),
);
const illegalFrame = Buffer.alloc(64, 0xee);

/** The agent of a fake machine: speaks the protocol of guest/protocol.h, runs scripted programs. */
export class ScriptedAgent implements FakeGuest, ScriptedGuest {
  readonly board: FakeBoard;
  readonly script: MachineScript;
  readonly state: GuestState;
  isSetUp = false;
  readonly clockSettings: ClockReading[] = [];
  clockBehindNs = 0n;
  spaceBytes: bigint | undefined;
  readonly containers = new Map<string, ScriptedContainer>();
  /** Of the last request, front parts. */
  #parts: Buffer[] = [];
  #connection: Duplex | undefined;
  /** One request after the other, as the real agent does them. */
  #queue: Promise<void> = Promise.resolve();
  #lastId = 0;
  /** Containers that it was asked to make, whether it could or not. */
  readonly #known = new Set<string>();

  constructor(board: FakeBoard, script: MachineScript, saved: string | undefined) {
    this.board = board;
    this.script = script;
    const fresh: GuestState = { preparation: undefined, rehearsals: 0 };
    this.state = saved === undefined ? fresh : (JSON.parse(saved) as GuestState);
    script.guests.add(this);
  }

  isOf(containerId: string): boolean {
    return this.#known.has(containerId);
  }

  serve(connection: Duplex): void {
    const frames = new HostFrames();
    if (this.#faultAt("greeting")?.does === "stand in a frame") frames.standInFrame();
    connection.on("data", (chunk: Buffer) => {
      for (const news of frames.read(chunk)) {
        if (news.kind === "greeting") this.#greet(connection, news.nonce);
        else if (this.#connection === connection) this.#take(news.frame);
      }
    });
    connection.on("close", () => {
      if (this.#connection === connection) this.#detach();
    });
  }

  accept(connection: Duplex, guestPort: number): void {
    connection.end(`guest port ${guestPort}\n`);
  }

  receive(datagram: Buffer, guestPort: number): Buffer {
    return Buffer.concat([Buffer.from(`guest port ${guestPort}: `), datagram]);
  }

  save(): string {
    return JSON.stringify(this.state);
  }

  end(): void {
    this.#connection = undefined;
    for (const process of this.#processes()) process.drop();
    this.script.guests.delete(this);
  }

  start(container: ScriptedContainer, { spec, program, kind }: ScriptedStart): ScriptedProcess {
    this.#lastId += 1;
    const host = {
      board: this.board,
      thawed: async () => (kind === "own" ? undefined : container.thawed()),
      exited: () => void (kind === "main" && container.endAll()),
      send: (type: number, id: number, ...payload: Uint8Array[]) =>
        this.#send(type, id, ...payload),
    };
    const process = new ScriptedProcess(host, this.#lastId, { isMain: kind === "main", spec });
    container.processes.set(process.id, process);
    // its output comes after the answer that tells of it
    setImmediate(() => process.run(program));
    return process;
  }

  tellHealth(report: HealthReport): void {
    const container = this.containers.get(report.container);
    if (container !== undefined) container.health = report;
    this.#send(frameType.health, 0, encodeHealthReport(report));
  }

  tellMemoryKills(container: string, kills: number): void {
    const report = new MessageWriter().text(container).u64(BigInt(kills)).finish();
    this.#send(frameType.memory, 0, report);
  }

  #processes(): ScriptedProcess[] {
    return [...this.containers.values()].flatMap(({ processes }) => [...processes.values()]);
  }

  #greet(connection: Duplex, nonce: Buffer): void {
    this.#detach();
    this.#connection = connection;
    const fault = this.#faultAt("greeting");
    if (fault !== undefined && fault.does !== "speak" && this.#misbehave(fault, nonce)) return;
    const protocol = fault?.does === "speak" ? fault.protocol : undefined;
    connection.write(syncFrame(nonce));
    this.#send(frameType.hello, 0, encodeHello(process.hrtime.bigint(), protocol));
  }

  #detach(): void {
    this.#connection = undefined;
    this.#parts = [];
    for (const process of this.#processes()) process.attached = false;
  }

  #send(type: number, id: number, ...payload: Uint8Array[]): void {
    this.#connection?.write(encodeFrame(type, id, ...payload));
  }

  #take({ type, id, payload }: Frame): void {
    if (type === frameType.requestPart) this.#parts.push(payload);
    else if (type === frameType.data || type === frameType.ack || type === frameType.end) {
      const process = this.#processes().find((one) => one.id === id >>> 2);
      if (process?.attached === true) process.take(type, id & 3, payload);
    } else {
      const name = requestNames.get(type);
      const whole = Buffer.concat([...this.#parts.splice(0), payload]);
      const asked = this.#connection;
      this.#queue = this.#queue.then(async () => {
        if (name !== undefined && this.#connection === asked) await this.#answer(name, id, whole);
      });
    }
  }

  async #answer(name: keyof typeof request, id: number, payload: Buffer): Promise<void> {
    if (name === "create") this.#known.add(new MessageReader(payload).text());
    const fault = this.#faultAt(name);
    if (fault !== undefined && this.#misbehave(fault)) return;
    if (fault?.does === "answer late") await fault.after();
    this.#send(frameType.reply, id, this.#reply(name, payload, fault));
    for (const process of this.#processes()) process.pump();
    if (name === "resume")
      for (const { health } of this.containers.values())
        if (health !== undefined) this.tellHealth(health);
    if (name === "shutDown" && fault?.does !== "answer only") this.board.leave();
  }

  #reply(name: keyof typeof request, payload: Buffer, fault: Fault | undefined): Buffer {
    try {
      if (fault?.does === "refuse") throw new GuestFailure(fault.status, fault.message);
      const result = new MessageWriter();
      requestHandlers[name](this, new MessageReader(payload), result);
      return encodeSuccess(result.finish());
    } catch (error) {
      if (error instanceof GuestFailure) return error.encode();
      return new GuestFailure("invalid", String(error)).encode();
    }
  }

  #faultAt(point: FaultPoint): Fault | undefined {
    return this.script.faults.at(point, this);
  }

  /** True when nothing more is to be said. */
  #misbehave(fault: Fault, nonce?: Buffer): boolean {
    if (fault.does === "die") {
      this.board.say(fault.console ?? "");
      this.board.leave(fault.exit ?? { code: 1 });
    } else if (fault.does === "break the protocol") {
      if (nonce !== undefined) this.#connection?.write(syncFrame(nonce));
      this.#connection?.write(illegalFrame);
    }
    return fault.does === "nothing" || fault.does === "die" || fault.does === "break the protocol";
  }
}

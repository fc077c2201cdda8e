import type { ProcessSpec } from "../../../src/agent/agent-types.ts";
import { channel, frameType, windowBytes } from "../../../src/agent/protocol.ts";
import { MessageReader, MessageWriter } from "../../../src/agent/wire.ts";
import type { FakeBoard } from "../../../src/machine/drivers/fake/fake-guest.ts";
import { GuestInput, GuestOutput } from "./guest-streams.ts";
import type { Program, ProgramWorld } from "./programs.ts";

const killSignal = 9;
const windowChanged = 28;
/** What does nothing to a process that doesn't catch it: CHLD, CONT, URG, WINCH. */
const harmlessSignals: readonly number[] = [17, 18, 23, windowChanged];

/** What a process needs of its agent. */
export interface ProcessHost {
  send(type: number, id: number, ...payload: Uint8Array[]): void;
  /** Settles when the container's processes may run: at once unless they are frozen. */
  thawed(): Promise<void>;
  exited(): void;
  readonly board: FakeBoard;
}

/** A process of a scripted guest: streams with offsets and windows, as the real agent's have. */
export class ScriptedProcess {
  readonly id: number;
  readonly isMain: boolean;
  readonly spec: ProcessSpec;
  /** Whether the host that is connected knows of it. */
  attached = true;
  readonly #host: ProcessHost;
  readonly #input: GuestInput;
  readonly #outputs = { stdout: new GuestOutput(), stderr: new GuestOutput() };
  readonly #handlers = new Map<number, () => void>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #terminal: { rows: number; columns: number };
  #exitCode: number | undefined;
  #exitSent = false;
  #isGone = false;
  #leavesOutputOpen = false;

  constructor(host: ProcessHost, id: number, options: { isMain: boolean; spec: ProcessSpec }) {
    this.#host = host;
    this.id = id;
    this.isMain = options.isMain;
    this.spec = options.spec;
    this.#terminal = { rows: options.spec.rows, columns: options.spec.columns };
    this.#input = new GuestInput((consumed) => this.#acknowledge(consumed));
    if (!options.spec.stdin) this.#input.end();
  }

  /** As the guest numbers it. */
  get pid(): number {
    return 100 + this.id;
  }

  get hasExited(): boolean {
    return this.#exitCode !== undefined;
  }

  run(program: Program): void {
    void program(this.#world()).then(
      (code) => this.#host.thawed().then(() => this.#exit(code)),
      () => this.#exit(1),
    );
  }

  async signal(number: number): Promise<void> {
    if (number !== killSignal) await this.#host.thawed();
    const handler = number === killSignal ? undefined : this.#handlers.get(number);
    if (handler !== undefined) handler();
    else if (!harmlessSignals.includes(number)) this.#exit(128 + number);
  }

  resize(rows: number, columns: number): Promise<void> {
    Object.assign(this.#terminal, { rows, columns });
    return this.signal(windowChanged);
  }

  /** What RESUME tells of it, whose container is at `place`; all that was never acknowledged follows. */
  resumed(to: MessageWriter, place: number): void {
    const flags = (this.isMain ? 1 : 0) | (this.spec.tty ? 2 : 0) | (this.spec.stdin ? 4 : 0);
    const { stdout, stderr } = this.#outputs;
    to.u32(this.id).u32(this.pid).u8(flags).u32(place);
    to.u64(this.#input.received).u64(stdout.start).u64(stderr.start);
    stdout.rewind();
    stderr.rewind();
    this.#exitSent = false;
    this.attached = true;
  }

  /** Takes a frame of one of its streams. */
  take(type: number, streamChannel: number, payload: Buffer): void {
    const from = new MessageReader(payload);
    const offset = from.u64();
    if (streamChannel === channel.stdin) {
      if (type === frameType.data) this.#input.take(offset, from.rest());
      else if (type === frameType.end) this.#input.end();
    } else if (type === frameType.ack) {
      const output = streamChannel === channel.stdout ? "stdout" : "stderr";
      this.#outputs[output].acknowledge(offset, from.u32());
    }
    this.pump();
  }

  /** Sends what there is and may be sent. */
  pump(): void {
    if (!this.attached) return;
    for (const name of ["stdout", "stderr"] as const)
      this.#outputs[name].pump((offset, bytes) => {
        const parts = bytes === undefined ? [u64(offset)] : [u64(offset), bytes];
        const type = bytes === undefined ? frameType.end : frameType.data;
        this.#host.send(type, this.#stream(channel[name]), ...parts);
      });
    if (this.#exitCode === undefined || this.#exitSent) return;
    this.#exitSent = true;
    const exit = new MessageWriter().u32(this.#exitCode).u8(0).finish();
    this.#host.send(frameType.exit, this.#stream(0), exit);
  }

  /** Its machine has gone. */
  drop(): void {
    this.#isGone = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #exit(code: number): void {
    if (this.#exitCode !== undefined) return;
    this.#exitCode = code;
    this.drop();
    this.#input.end();
    if (!this.#leavesOutputOpen) for (const output of Object.values(this.#outputs)) output.end();
    this.pump();
    this.#host.exited();
  }

  async #write(name: "stdout" | "stderr", bytes: Buffer): Promise<void> {
    await this.#host.thawed();
    if (this.#isGone) await new Promise<never>(() => {}); // who is dead doesn't go on
    const written = this.#outputs[this.spec.tty ? "stdout" : name].write(bytes);
    this.pump();
    await written;
  }

  #acknowledge(consumed: bigint): void {
    const window = new MessageWriter().u64(consumed).u32(windowBytes).finish();
    if (this.attached) this.#host.send(frameType.ack, this.#stream(channel.stdin), window);
  }

  #world(): ProgramWorld {
    const newline = this.spec.tty ? "\r\n" : "\n";
    return {
      words: this.spec.args.slice(1),
      spec: this.spec,
      terminal: this.#terminal,
      input: this.#input,
      board: this.#host.board,
      print: (line) => this.#write("stdout", Buffer.from(line + newline)),
      complain: (line) => this.#write("stderr", Buffer.from(line + newline)),
      write: (bytes) => this.#write("stdout", Buffer.from(bytes)),
      leaveOutputOpen: () => (this.#leavesOutputOpen = true),
      wait: (milliseconds) =>
        new Promise((resolve) => {
          const timer = setTimeout(resolve, milliseconds).unref();
          this.#timers.add(timer);
        }),
      onSignal: (number, action) => this.#handlers.set(number, action),
    };
  }

  #stream(streamChannel: number): number {
    return ((this.id << 2) | streamChannel) >>> 0;
  }
}

function u64(value: bigint): Buffer {
  return new MessageWriter().u64(value).finish();
}

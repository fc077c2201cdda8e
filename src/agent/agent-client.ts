import { describeError, DvmError } from "../base/errors.ts";
import type {
  AgentHello,
  BootReport,
  ClockReading,
  MachinePreparation,
  MachineSetup,
  MachineStatistics,
  ProcessEntry,
  ProcessSpec,
} from "./agent-types.ts";
import { decodeUses, type UsesRecord } from "./uses.ts";
import { openChannel, type Channel } from "./channel.ts";
import type { Frame } from "./frames.ts";
import { GuestProcess } from "./guest-process.ts";
import {
  decodeBootReport,
  decodeProcesses,
  decodeReply,
  decodeResumed,
  decodeStatistics,
  encodePreparation,
  encodeProcess,
  encodeSetup,
} from "./messages.ts";
import {
  frameType,
  maximumMessageBytes,
  maximumPayloadBytes,
  request,
  usesOperation,
  type RequestType,
} from "./protocol.ts";
import { brokenProtocol, MessageReader, MessageWriter } from "./wire.ts";

export type { BootReport, GuestMount, MachineSetup, ProcessSpec } from "./agent-types.ts";
export type { GuestProcess } from "./guest-process.ts";

/** A guest's clock is set right to half of this at least; SPECIFICATION.md promises 50 ms. */
const clockIntervalMs = 60;
const clockTries = 5;
/** The clocks of host and guest drift apart in longer times. */
const freshMs = 1_000;
/** A guest that answers no request within this has hung. SHUT_DOWN syncs disks: its caller waits. */
const answerDeadlineMs = 60_000;

interface Pending {
  resolve: (result: Buffer) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
}

/** The conversation with one machine's agent. The guest is not trusted: a broken rule ends it. */
export class AgentClient implements AsyncDisposable {
  readonly hello: AgentHello;
  /** When the hello came in, by `performance.now()`. */
  readonly helloAt: number;
  /** Settles when the channel has gone. */
  readonly closed: Promise<void>;
  readonly #channel: Channel;
  readonly #greeted: { from: number; to: number };
  readonly #pending = new Map<number, Pending>();
  readonly #processes = new Map<number, GuestProcess>();
  /** Parts of the answer that comes next, by the id of its request. */
  #front: { id: number; parts: Buffer[]; length: number } | undefined;
  #lastRequest = 0;
  #mainId: number | undefined;
  #error: DvmError | undefined;
  readonly #whenClosed = Promise.withResolvers<void>();

  private constructor(channel: Channel) {
    this.#channel = channel;
    this.hello = channel.hello;
    this.helloAt = channel.greeted.to;
    this.#greeted = channel.greeted;
    this.closed = this.#whenClosed.promise;
    channel.onFrame = (frame) => this.#receive(frame);
    channel.onClose = (error) => this.#close(error);
    channel.start();
  }

  /** Connects and waits for the agent's hello; tries until the deadline, as the machine may boot. */
  static async connect(
    socketPath: string,
    options: { signal?: AbortSignal; deadlineMs: number },
  ): Promise<AgentClient> {
    return new AgentClient(await openChannel(socketPath, options));
  }

  /** Does ahead what needs no knowledge of the container, so that a template holds it. */
  async prepare(preparation: MachinePreparation): Promise<void> {
    await this.#request(request.prepare, encodePreparation(preparation));
  }

  /**
   * Has a machine that waits do what {@link launch} will ask of it, as far as nothing stays of it,
   * so that it is quicker then. Of `spec` the program is only read; its image must be there.
   */
  async rehearse(setup: MachineSetup, spec: ProcessSpec): Promise<void> {
    const head = encodeSetup(setup, await this.#readClock());
    await this.#request(request.rehearse, Buffer.concat([head, encodeProcess(spec)]));
  }

  /** Sets the machine up and starts the container's main process in it. */
  async launch(setup: MachineSetup, spec: ProcessSpec): Promise<GuestProcess> {
    const clock = await this.#readClock();
    const settingUp = this.#request(request.setUp, encodeSetup(setup, clock));
    // it goes out at once: the agent does one after the other, and no answer is waited for
    const starting = this.#startProcess(request.start, encodeProcess(spec), { stdin: spec.stdin });
    starting.catch(() => {}); // after a set-up that failed it fails too, and says less
    await settingUp;
    const process = await starting;
    this.#mainId = process.id;
    return process;
  }

  /** Sets the machine up, and starts nothing in it: somebody wants its container's files only. */
  async setUp(setup: MachineSetup): Promise<void> {
    await this.#request(request.setUp, encodeSetup(setup, await this.#readClock()));
  }

  /** Starts a further process in the container. */
  async exec(spec: ProcessSpec): Promise<GuestProcess> {
    return this.#startProcess(request.exec, encodeProcess(spec), { stdin: spec.stdin });
  }

  /** Starts the agent's own process that moves files; see `guest-files.ts`. */
  async moveFiles(payload: Buffer, options: { stdin: boolean }): Promise<GuestProcess> {
    return this.#startProcess(request.files, payload, options);
  }

  /** The container's processes stand still until {@link thaw}; the agent doesn't. */
  async freeze(): Promise<void> {
    await this.#request(request.freeze, Buffer.alloc(0));
  }

  async thaw(): Promise<void> {
    await this.#request(request.thaw, Buffer.alloc(0));
  }

  /** All processes that the agent knows, the main one first; for a host that came back. */
  async resume(): Promise<GuestProcess[]> {
    const answer = this.#request(request.resume, Buffer.alloc(0), (result) => {
      const known = decodeResumed(result).sort((a, b) => Number(b.isMain) - Number(a.isMain));
      for (const one of known) {
        this.#processes.set(one.id, this.#guestProcess(one, one));
        if (one.isMain) this.#mainId = one.id;
      }
    });
    await answer;
    return [...this.#processes.values()];
  }

  async processes(): Promise<ProcessEntry[]> {
    return decodeProcesses(await this.#request(request.processes, Buffer.alloc(0)));
  }

  /** What the boot came to, asked before a container runs. */
  async bootReport(): Promise<BootReport> {
    return decodeBootReport(await this.#request(request.boot, Buffer.alloc(0)));
  }

  /** From now on the kernel notes what the container uses of it; `unsupported` where it can't. */
  async beginRecord(): Promise<void> {
    await this.#request(request.record, new MessageWriter().u8(usesOperation.begin).finish());
  }

  /** What was used since {@link beginRecord}. */
  async readRecord(): Promise<UsesRecord> {
    const payload = new MessageWriter().u8(usesOperation.read).finish();
    return decodeUses(await this.#request(request.record, payload));
  }

  async statistics(): Promise<MachineStatistics> {
    return decodeStatistics(await this.#request(request.statistics, Buffer.alloc(0)));
  }

  /** Ends all processes, syncs and unmounts the disks; then the machine leaves by itself. */
  async shutDown(): Promise<void> {
    await this.#request(request.shutDown, Buffer.alloc(0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close(undefined);
  }

  /** Asks until the answer took so little time that half of it is an error nobody minds. */
  async #readClock(): Promise<ClockReading> {
    const { from, to } = this.#greeted;
    const isFresh = performance.now() - to < freshMs;
    let best = { from: isFresh ? from : -Infinity, to, guestNs: this.hello.monotonicNs };
    for (let tries = 0; best.to - best.from > clockIntervalMs && tries < clockTries; tries += 1) {
      const from = performance.now();
      const answer = await this.#request(request.clock, Buffer.alloc(0));
      const to = performance.now();
      if (to - from < best.to - best.from)
        best = { from, to, guestNs: new MessageReader(answer).u64() };
    }
    const ageMs = performance.now() - (best.from + best.to) / 2;
    return { guestNs: best.guestNs, hostNs: BigInt(Math.round((Date.now() - ageMs) * 1e6)) };
  }

  async #startProcess(
    type: RequestType,
    payload: Buffer,
    { stdin }: { stdin: boolean },
  ): Promise<GuestProcess> {
    // the process must be known before the frame after the answer, which may be its output
    let process: GuestProcess | undefined;
    await this.#request(type, payload, (result) => {
      const from = new MessageReader(result);
      const ids = { id: from.u32(), pid: from.u32() };
      process = this.#guestProcess(ids, { stdin: 0n, stdout: 0n, stderr: 0n });
      this.#processes.set(ids.id, process);
      if (!stdin) process.stdin.destroy();
    });
    if (process === undefined) throw new DvmError("internal", "cannot start a process");
    return process;
  }

  #guestProcess(
    ids: { id: number; pid: number },
    offsets: { stdin: bigint; stdout: bigint; stderr: bigint },
  ): GuestProcess {
    const link = {
      send: (type: number, id: number, ...payload: Uint8Array[]) =>
        this.#channel.send(type, id, ...payload),
      request: (type: RequestType, payload: Buffer) => this.#request(type, payload),
      finished: (process: GuestProcess) => this.#release(process),
    };
    return new GuestProcess(link, ids, offsets);
  }

  /** The main process stays: its exit code is kept until the machine goes. */
  #release(process: GuestProcess): void {
    if (process.id === this.#mainId || !this.#processes.delete(process.id)) return;
    const payload = new MessageWriter().u32(process.id).finish();
    this.#request(request.release, payload).catch(() => {}); // the machine has gone, and it with it
  }

  /** `take` sees the result before any later frame is looked at. */
  async #request(
    type: RequestType,
    payload: Buffer,
    take: (result: Buffer) => void = () => {},
  ): Promise<Buffer> {
    if (this.#error !== undefined) throw this.#error;
    if (payload.length > maximumMessageBytes) {
      throw new DvmError(
        "invalid",
        `cannot ask the agent: ${payload.length} bytes are more than ${maximumMessageBytes}`,
        { hint: "the command, its environment or its mounts are too long" },
      );
    }
    this.#lastRequest = (this.#lastRequest % 0xffff_fffe) + 1;
    const id = this.#lastRequest;
    const result = new Promise<Buffer>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#close(
          new DvmError("deadline", `the agent did not answer within ${answerDeadlineMs / 1000} s`),
        );
      }, answerDeadlineMs);
      const taking = (bytes: Buffer) => {
        take(bytes);
        resolve(bytes);
      };
      this.#pending.set(id, { resolve: taking, reject, timer });
    });
    this.#sendRequest(type, id, payload);
    return result;
  }

  #sendRequest(type: RequestType, id: number, payload: Buffer): void {
    let left = payload;
    for (; left.length > maximumPayloadBytes; left = left.subarray(maximumPayloadBytes))
      this.#channel.send(frameType.requestPart, id, left.subarray(0, maximumPayloadBytes));
    this.#channel.send(type, id, left);
  }

  #receive({ type, id, payload }: Frame): void {
    if (type === frameType.reply || type === frameType.replyPart) {
      this.#receiveAnswer(type, id, payload);
    } else if (type === frameType.sync || type === frameType.hello) {
      return; // the answer to a greeting that was sent twice
    } else if (type >= frameType.data && type <= frameType.exit) {
      this.#processes.get(id >>> 2)?.receive(type, id & 3, payload);
    } else {
      throw brokenProtocol(`a frame of type ${type}`);
    }
  }

  #receiveAnswer(type: number, id: number, payload: Buffer): void {
    const front = this.#front ?? { id, parts: [], length: 0 };
    if (front.id !== id) throw brokenProtocol("two answers at once");
    if (type === frameType.replyPart) {
      front.length += payload.length;
      if (front.length > maximumMessageBytes) throw brokenProtocol("an answer that has no end");
      front.parts.push(Buffer.from(payload));
      this.#front = front;
      return;
    }
    this.#front = undefined;
    const pending = this.#pending.get(id);
    if (pending === undefined) throw brokenProtocol("an answer to nothing");
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    try {
      pending.resolve(decodeReply(Buffer.from(payload), Buffer.concat(front.parts)));
    } catch (error) {
      pending.reject(error instanceof Error ? error : new Error(describeError(error)));
    }
  }

  #close(cause: Error | undefined): void {
    if (this.#error !== undefined) return;
    const error =
      cause instanceof DvmError
        ? cause
        : new DvmError("unavailable", "the connection to the machine's agent has closed", {
            cause,
          });
    this.#error = error;
    this.#channel.close();
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#pending.clear();
    for (const process of this.#processes.values()) process.fail(error);
    this.#whenClosed.resolve();
  }
}

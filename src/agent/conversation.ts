import { describeError, DvmError } from "../base/errors.ts";
import type { AgentHello } from "./agent-types.ts";
import { openChannel, type Channel } from "./channel.ts";
import type { Frame } from "./frames.ts";
import { GuestProcess, type StreamOffsets } from "./guest-process.ts";
import { decodeHealthReport, type HealthReport } from "./health.ts";
import { decodeMemoryKills, decodeReply } from "./messages.ts";
import {
  frameType,
  maximumMessageBytes,
  maximumPayloadBytes,
  request,
  type RequestType,
} from "./protocol.ts";
import { Reports } from "./reports.ts";
import { brokenProtocol, MessageReader, MessageWriter } from "./wire.ts";

/** A guest that answers no request within this has hung. SHUT_DOWN syncs disks: its caller waits. */
const answerDeadlineMs = 60_000;

/**
 * What becomes of a request while the guest is held: its caller hears why at once; waits for the
 * answer as long as it takes; or hears that it is done, as it will be when the guest goes on.
 */
export type WhenHeld = "refuse" | "wait" | "settle";

/** How an answer is taken. */
export interface Asking {
  /** Sees the result before any later frame is looked at. `isLate`: who asked was refused meanwhile. */
  take?: (result: Buffer, isLate: boolean) => void;
  /** No answer is a fault: nobody waits for it, and the guest may stand still unbeknown to us. */
  isPatient?: boolean;
  whenHeld?: WhenHeld;
}

interface Pending {
  resolve: (result: Buffer) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
  /** The guest can't answer for now. */
  hold: (reason: DvmError) => void;
}

const killSignal = 9;

/** A process that frames are for. */
interface KnownProcess {
  process: GuestProcess;
  container: string;
  /** The agent keeps it, and its exit code, until its container goes. */
  isKept: boolean;
}

/** Requests with their answers, and processes with their streams, over one channel. */
export class Conversation {
  readonly hello: AgentHello;
  /** When the greeting went out and the hello came in, by `performance.now()`. */
  readonly greeted: { from: number; to: number };
  /** Settles when the channel has gone. */
  readonly closed: Promise<void>;
  readonly #channel: Channel;
  readonly #pending = new Map<number, Pending>();
  #standsStill = false;
  #held: DvmError | undefined;
  readonly #processes = new Map<number, KnownProcess>();
  readonly health = new Reports<HealthReport>();
  /** How many processes were killed for want of memory. */
  readonly memoryKills = new Reports<number>();
  /** Parts of the answer that comes next, by the id of its request. */
  #front: { id: number; parts: Buffer[]; length: number } | undefined;
  #lastRequest = 0;
  #error: DvmError | undefined;
  readonly #whenClosed = Promise.withResolvers<void>();

  private constructor(channel: Channel) {
    this.#channel = channel;
    this.hello = channel.hello;
    this.greeted = channel.greeted;
    this.closed = this.#whenClosed.promise;
    channel.onFrame = (frame) => this.#receive(frame);
    channel.onClose = (error) => this.close(error);
    channel.start();
  }

  static async open(
    socketPath: string,
    options: { signal?: AbortSignal; deadlineMs: number },
  ): Promise<Conversation> {
    return new Conversation(await openChannel(socketPath, options));
  }

  async request(
    type: RequestType,
    payload: Buffer = Buffer.alloc(0),
    asking: Asking = {},
  ): Promise<Buffer> {
    if (this.#error !== undefined) throw this.#error;
    if (this.#held !== undefined && whenHeldOf(asking) === "refuse") throw this.#held;
    if (payload.length > maximumMessageBytes) {
      throw new DvmError(
        "invalid",
        `cannot ask the agent: ${payload.length} bytes are more than ${maximumMessageBytes}`,
        { hint: "the command, its environment or its mounts are too long" },
      );
    }
    this.#lastRequest = (this.#lastRequest % 0xffff_fffe) + 1;
    const id = this.#lastRequest;
    const result = this.#answerOf(id, asking);
    this.#sendRequest(type, id, payload);
    return result;
  }

  /** Asks for a process; its main process a container keeps. */
  async startProcess(
    type: RequestType,
    payload: Buffer,
    { container, stdin }: { container: string; stdin: boolean },
  ): Promise<GuestProcess> {
    // the process must be known before the frame after the answer, which may be its output
    let process: GuestProcess | undefined;
    const take = (result: Buffer, isLate: boolean) => {
      const from = new MessageReader(result);
      const ids = { id: from.u32(), pid: from.u32() };
      const owner = { container, isKept: type === request.start };
      process = this.know(ids, { stdin: 0n, stdout: 0n, stderr: 0n }, owner);
      if (!stdin) process.stdin.destroy();
      if (isLate) process.signal(killSignal).catch(() => {}); // nobody knows of it
    };
    await this.request(type, payload, { take });
    if (process === undefined) throw new DvmError("internal", "cannot start a process");
    return process;
  }

  /** Takes a process in, so that frames reach it. */
  know(
    ids: { id: number; pid: number },
    offsets: StreamOffsets,
    owner: { container: string; isKept: boolean },
  ): GuestProcess {
    const link = {
      send: (type: number, id: number, ...payload: Uint8Array[]) =>
        this.#channel.send(type, id, ...payload),
      request: (type: RequestType, payload: Buffer) => this.request(type, payload),
      finished: (process: GuestProcess) => this.#release(process),
    };
    const process = new GuestProcess(link, ids, offsets);
    this.#processes.set(ids.id, { process, ...owner });
    return process;
  }

  /** The container has gone, with all of its processes. */
  forget(container: string): void {
    const error = new DvmError("unavailable", `container ${container} was taken away`);
    this.health.forget(container);
    this.memoryKills.forget(container);
    for (const [id, known] of this.#processes) {
      if (known.container !== container) continue;
      this.#processes.delete(id);
      known.process.fail(error);
    }
  }

  /** No answer is due while the guest stands still; what was asked then has its whole time after. */
  standStill(isStill: boolean): void {
    this.#standsStill = isStill;
    for (const { timer } of this.#pending.values()) timer.refresh();
  }

  /** The guest can't go on, as `reason` says, which requests hear from now on; undefined: it can. */
  hold(reason: DvmError | undefined): void {
    this.#held = reason;
    for (const pending of this.#pending.values()) {
      pending.timer.refresh();
      if (reason !== undefined) pending.hold(reason);
    }
  }

  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  close(cause?: Error): void {
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
    for (const { process } of this.#processes.values()) process.fail(error);
    this.#whenClosed.resolve();
  }

  #release({ id }: GuestProcess): void {
    if (this.#processes.get(id)?.isKept !== false) return;
    this.#processes.delete(id);
    const payload = new MessageWriter().u32(id).finish();
    const released = this.request(request.release, payload, { whenHeld: "settle" });
    released.catch(() => {}); // the machine has gone, and it with it
  }

  #answerOf(id: number, asking: Asking): Promise<Buffer> {
    const { take = () => {}, isPatient = false } = asking;
    const whenHeld = whenHeldOf(asking);
    return new Promise<Buffer>((resolve, reject) => {
      let isLate = false;
      const timer = setTimeout(() => {
        if (isPatient || this.#standsStill || this.#held !== undefined) return void timer.refresh();
        this.close(
          new DvmError("deadline", `the agent did not answer within ${answerDeadlineMs / 1000} s`),
        );
      }, answerDeadlineMs);
      const pending = {
        resolve: (bytes: Buffer) => {
          take(bytes, isLate);
          resolve(bytes);
        },
        hold: (reason: DvmError) => {
          if (whenHeld === "wait") return;
          isLate = true;
          if (whenHeld === "settle") resolve(Buffer.alloc(0));
          else reject(reason);
        },
        ...{ reject, timer },
      };
      this.#pending.set(id, pending);
      if (this.#held !== undefined) pending.hold(this.#held);
    });
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
      this.#processes.get(id >>> 2)?.process.receive(type, id & 3, payload);
    } else if (type === frameType.health) {
      const report = decodeHealthReport(payload);
      this.health.take(report.container, report, this.#isKnown(report.container));
    } else if (type === frameType.memory) {
      const { container, kills } = decodeMemoryKills(payload);
      this.memoryKills.take(container, kills, this.#isKnown(container));
    } else {
      throw brokenProtocol(`a frame of type ${type}`);
    }
  }

  #isKnown(container: string): boolean {
    return [...this.#processes.values()].some((known) => known.container === container);
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
}

function whenHeldOf({
  isPatient = false,
  whenHeld = isPatient ? "wait" : "refuse",
}: Asking): WhenHeld {
  return whenHeld;
}

import { once } from "node:events";
import { createServer, type Socket } from "node:net";

/** Operations by their numbers, as linux/fuse.h has them. */
export const fuse = {
  lookup: 1,
  forget: 2,
  getattr: 3,
  setattr: 4,
  readlink: 5,
  symlink: 6,
  mknod: 8,
  mkdir: 9,
  unlink: 10,
  rename: 12,
  link: 13,
  open: 14,
  read: 15,
  write: 16,
  release: 18,
  setxattr: 21,
  getxattr: 22,
  init: 26,
  opendir: 27,
  readdir: 28,
  setlkw: 33,
  create: 35,
  interrupt: 36,
  destroy: 38,
  batchForget: 42,
  readdirplus: 44,
  rename2: 45,
  tmpfile: 51,
  changesBegin: 0x444d0001,
  changesDone: 0x444d0002,
} as const;

const changesTell = 0x444d0003;

export interface FuseAnswer {
  /** 0, or a number of errno.h, negative. */
  error: number;
  body: Buffer;
}

/** A guest that says what it likes: the other end of a file server's machine socket. */
export class FuseGuest implements AsyncDisposable {
  readonly socketPath: string;
  /** Of the process that asks. */
  pid = 0;
  /** Changes that the server has told of, as guest/share_changes.h has them. */
  readonly told: { kind: number; folder: bigint; names: string[] }[] = [];
  /** Notifications for its kernel: 2 is of an inode, 3 of an entry. */
  readonly notified: { code: number; body: Buffer }[] = [];
  #server = createServer((socket) => this.#connected(socket));
  #connection: Socket | undefined;
  #socket: Promise<Socket>;
  #gone: Promise<undefined>;
  #connect: (socket: Socket) => void = () => undefined;
  #waiting = new Map<bigint, (answer: FuseAnswer) => void>();
  #received = Buffer.alloc(0);
  #next = 1n;

  constructor(socketPath: string) {
    this.socketPath = socketPath;
    this.#socket = new Promise((resolve) => (this.#connect = resolve));
    this.#gone = this.#socket.then(async (socket) => {
      await once(socket, "close");
      return undefined;
    });
    this.#server.listen(socketPath);
  }

  /** Sends a request of this operation. An answer, or undefined: the server has gone. */
  async ask(operation: number, node: bigint, ...parts: Buffer[]): Promise<FuseAnswer | undefined> {
    const unique = this.#next++;
    const answer = new Promise<FuseAnswer>((resolve) => this.#waiting.set(unique, resolve));
    await this.send(operation, node, unique, Buffer.concat(parts));
    return Promise.race([answer, this.#gone]);
  }

  async send(operation: number, node: bigint, unique: bigint, body: Buffer): Promise<Socket> {
    const head = Buffer.alloc(40);
    head.writeUInt32LE(head.length + body.length, 0);
    head.writeUInt32LE(operation, 4);
    head.writeBigUInt64LE(unique, 8);
    head.writeBigUInt64LE(BigInt.asUintN(64, node), 16);
    head.writeUInt32LE(this.pid, 32);
    return this.sendRaw(Buffer.concat([head, body]));
  }

  async sendRaw(bytes: Buffer): Promise<Socket> {
    const socket = await this.#socket;
    socket.write(bytes);
    return socket;
  }

  /** The node that a name in a folder leads to. */
  async lookUp(folder: bigint, name: string): Promise<{ error: number; node: bigint }> {
    const answer = await this.ask(fuse.lookup, folder, text(name));
    if (answer === undefined) throw new Error("the server has gone");
    return { error: answer.error, node: answer.error === 0 ? answer.body.readBigUInt64LE(0) : 0n };
  }

  #connected(socket: Socket): void {
    this.#connection = socket;
    socket.on("data", (bytes) => this.#take(bytes));
    socket.on("error", () => undefined);
    this.#connect(socket);
  }

  #take(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    while (this.#received.length >= 16 && this.#received.length >= this.#received.readUInt32LE(0)) {
      const answer = this.#received.subarray(0, this.#received.readUInt32LE(0));
      this.#received = this.#received.subarray(answer.length);
      const unique = answer.readBigUInt64LE(8);
      const code = answer.readInt32LE(4);
      if (unique === 0n && code === changesTell) this.#hear(answer.subarray(16));
      else if (unique === 0n) this.notified.push({ code, body: answer.subarray(16) });
      this.#waiting.get(unique)?.({ error: answer.readInt32LE(4), body: answer.subarray(16) });
      this.#waiting.delete(unique);
    }
  }

  #hear(change: Buffer): void {
    const names = change.toString("latin1", 24).split("\0").slice(0, 2);
    this.told.push({ kind: change.readUInt32LE(0), folder: change.readBigUInt64LE(8), names });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#connection?.destroy();
  }
}

/** A string as the protocol has it: ended by a zero. */
export const text = (value: string): Buffer => Buffer.from(`${value}\0`, "latin1");

/** Numbers of 32 bits, one after the other. */
export function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value >>> 0, index * 4);
  return bytes;
}

export function u64(...values: bigint[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  for (const [index, value] of values.entries())
    bytes.writeBigUInt64LE(BigInt.asUintN(64, value), index * 8);
  return bytes;
}

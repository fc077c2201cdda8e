import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { hostname } from "node:os";
import { connect as connectSecurely } from "node:tls";
import { systemErrorCode } from "../../../base/errors.ts";
import type { OutputStream } from "./log-line.ts";
import type { LogSink } from "./log-sink.ts";
import { ownSyslogSocket, type SyslogAddress, type SyslogSettings } from "./syslog-settings.ts";

const severities: Record<OutputStream, number> = { stdout: 6, stderr: 3 };
const connectDeadlineMs = 10_000;
/** Messages that wait for a connection; further ones are lost. */
const waitingBytes = 2 ** 20;

interface SinkOptions {
  settings: SyslogSettings;
  tag: string;
  /** Nobody listens yet: a connection is made when there is something to say. */
  mayFail?: boolean;
  say: (message: string) => void;
}

/** Sends lines to a syslog server. A connection that is lost is made again. */
export async function syslogSink(options: SinkOptions): Promise<LogSink> {
  const { settings, tag } = options;
  const { address, facility, format } = settings;
  const transport =
    address.kind === "udp" ? datagrams(address) : await SyslogConnection.open(settings, options);
  return {
    write(stream, line) {
      const text = line.at(-1) === 10 ? line.subarray(0, -1) : line;
      const priority = facility * 8 + severities[stream];
      const message = formatMessage(format, { priority, tag, text: text.toString("utf8") });
      const framed =
        address.kind === "tcp+tls" && format.startsWith("rfc5424")
          ? `${Buffer.byteLength(message) + 1} ${message}\n`
          : `${message}\n`;
      transport.send(Buffer.from(framed));
    },
    [Symbol.dispose]: () => transport.close(),
  };
}

interface Message {
  priority: number;
  tag: string;
  text: string;
}

/** As Docker's libraries write them. Pure but for the time and the host's name. */
export function formatMessage(
  format: SyslogSettings["format"],
  { priority, tag, text }: Message,
  now = new Date(),
): string {
  const { pid } = process;
  switch (format) {
    case "unix":
      return `<${priority}>${shortTime(now)} ${tag}[${pid}]: ${text}`;
    case "rfc3164":
      return `<${priority}>${shortTime(now)} ${hostname()} ${tag}[${pid}]: ${text}`;
    case "rfc5424":
    case "rfc5424micro": {
      const time = now.toISOString();
      const shown = format === "rfc5424" ? time.replace(/\.\d+/, "") : time.replace("Z", "000Z");
      return `<${priority}>1 ${shown} ${hostname()} ${tag} ${pid} ${tag} - ${text}`;
    }
  }
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `Jan _2 15:04:05`, where the host is. */
function shortTime(now: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = String(now.getDate()).padStart(2, " ");
  const clock = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(":");
  return `${months[now.getMonth()] ?? ""} ${day} ${clock}`;
}

interface Transport {
  send(message: Buffer): void;
  close(): void;
}

function datagrams({ host, port }: { host: string; port: number }): Transport {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  socket.unref();
  socket.on("error", () => {}); // nobody listens: what is sent is lost, as datagrams are
  return {
    send: (message) => socket.send(message, port, host, () => {}),
    close: () => socket.close(),
  };
}

class SyslogConnection implements Transport {
  readonly #settings: SyslogSettings;
  readonly #say: (message: string) => void;
  #socket: Socket | undefined;
  #isConnecting = false;
  #hasSaid = false;
  #isClosed = false;

  private constructor({ settings, say }: SinkOptions, socket: Socket | undefined) {
    this.#settings = settings;
    this.#say = say;
    this.#socket = socket;
  }

  static async open(settings: SyslogSettings, options: SinkOptions): Promise<SyslogConnection> {
    const dialing = dial(settings);
    const socket = await (options.mayFail === true ? dialing.catch(() => undefined) : dialing);
    return new SyslogConnection(options, socket);
  }

  send(message: Buffer): void {
    const socket = this.#socket;
    if (socket === undefined || !socket.writable) return this.#connectAgain(message);
    if (socket.writableLength < waitingBytes) socket.write(message);
    else this.#lose("it takes no more");
  }

  close(): void {
    this.#isClosed = true;
    this.#socket?.end();
    this.#socket?.unref();
  }

  #connectAgain(message: Buffer): void {
    if (this.#isConnecting || this.#isClosed) return this.#lose("its connection is lost");
    this.#isConnecting = true;
    dial(this.#settings).then(
      (socket) => {
        this.#socket = socket;
        this.#isConnecting = false;
        this.#hasSaid = false;
        socket.write(message);
        if (this.#isClosed) socket.end();
      },
      (error: unknown) => {
        this.#isConnecting = false;
        this.#lose(error instanceof Error ? error.message : String(error));
      },
    );
  }

  #lose(why: string): void {
    if (!this.#hasSaid) this.#say(`cannot write to syslog, lines are lost: ${why}`);
    this.#hasSaid = true;
  }
}

async function dial(settings: SyslogSettings): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = openSocket(settings);
  socket.setTimeout(connectDeadlineMs, () => socket.destroy(new Error("i/o timeout")));
  socket.once(settings.address.kind === "tcp+tls" ? "secureConnect" : "connect", () => {
    socket.setTimeout(0);
    socket.on("data", () => {}); // a server has nothing to say, but may hang up
    resolve(socket);
  });
  socket.on("error", (error) =>
    reject(new Error(`dial ${named(settings.address)}: ${why(error)}`)),
  );
  return promise;
}

function openSocket({ address, tls }: SyslogSettings): Socket {
  if (address.kind === "own") return connect(ownSyslogSocket());
  if (address.kind === "unix") return connect(address.path);
  const { host, port } = address;
  if (address.kind !== "tcp+tls") return connect(port, host);
  return connectSecurely({
    ...{ host, port, rejectUnauthorized: !tls.skipVerify },
    ...(tls.ca === undefined ? {} : { ca: readFileSync(tls.ca) }),
    ...(tls.cert === undefined ? {} : { cert: readFileSync(tls.cert) }),
    ...(tls.key === undefined ? {} : { key: readFileSync(tls.key) }),
  });
}

function named(address: SyslogAddress): string {
  if (address.kind === "own") return "unix";
  if (address.kind === "unix") return `unix ${address.path}`;
  return `tcp ${address.host}:${address.port}`;
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connect: connection refused",
  EPROTOTYPE: "connect: protocol wrong type for socket",
  ENOENT: "connect: no such file or directory",
  EHOSTUNREACH: "connect: no route to host",
  ENETUNREACH: "connect: network is unreachable",
};

function why(error: Error): string {
  return reasons[systemErrorCode(error) ?? ""] ?? error.message;
}

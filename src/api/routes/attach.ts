import { type Duplex, Writable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { createWebSocketStream, WebSocketServer } from "ws";
import { z } from "zod";
import { parseDetachKeys } from "../../base/detach-keys.ts";
import { DvmError } from "../../base/errors.ts";
import { readContainerLog } from "../../engine/containers.ts";
import type { Engine } from "../../engine/core.ts";
import type { ContainerRecord } from "../../engine/records.ts";
import { connectionAttachment, type LogLine, writeAll } from "../../engine/runs.ts";
import { asksBefore } from "../api-version.ts";
import { hasTaken } from "../connections.ts";
import { copyInput } from "../copy-input.ts";
import { hijack, refuseHijack } from "../hijack.ts";
import { encodeLogLines } from "../log-output.ts";
import { flagParameter, parse, textParameter } from "../query.ts";
import { nameOf } from "./containers.ts";

const attachSchema = z.object({
  stream: flagParameter,
  logs: flagParameter,
  stdin: flagParameter,
  stdout: flagParameter,
  stderr: flagParameter,
  detachKeys: textParameter,
});
type AttachQuery = z.infer<typeof attachSchema>;

/** `/containers/{id}/attach`, by a connection that leaves HTTP or by a web socket. */
export function attachRoutes(app: FastifyInstance, engine: Engine): void {
  app.post("/containers/:name/attach", async (request, reply) => {
    try {
      await attach(engine, request, reply);
    } catch (error) {
      if (reply.sent || !hasTaken(request.raw)) throw error;
      refuseHijack(reply, error);
    }
  });
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  app.get("/containers/:name/attach/ws", (request, reply) =>
    attachBySocket(engine, sockets, request, reply),
  );
}

interface Attaching {
  record: ContainerRecord;
  query: AttachQuery;
  keys: readonly number[];
  /** What was said before, if that is wanted. */
  past: AsyncIterable<LogLine[]> | undefined;
}

async function attach(engine: Engine, request: FastifyRequest, reply: FastifyReply) {
  const attaching = prepare(engine, request);
  const isMultiplexed = !attaching.record.request.config.Tty;
  const { connection, headRead } = hijack(request, reply, { isMultiplexed });
  if (attaching.query.logs) await headRead;
  await join(engine, attaching, { connection, isMultiplexed });
}

async function attachBySocket(
  engine: Engine,
  sockets: WebSocketServer,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const prepared = prepare(engine, request);
  const { query } = prepared;
  if (request.headers["sec-websocket-key"] === undefined)
    throw new DvmError("invalid", "not websocket protocol");
  const all = { stdin: true, stdout: true, stderr: true };
  const chosen = asksBefore(request, "1.42") ? { ...query, ...all } : query;
  reply.hijack();
  const { raw } = request;
  reply.raw.detachSocket(raw.socket);
  sockets.handleUpgrade(raw, raw.socket, Buffer.alloc(0), (socket) => {
    socket.on("error", () => socket.terminate()); // it broke the rules of web sockets
    const binary = !asksBefore(request, "1.28");
    const send = socket.send.bind(socket);
    const connection = createWebSocketStream(
      Object.assign(socket, {
        send: (data: Buffer, done: (error?: Error) => void) => send(data, { binary }, done),
      }),
    );
    connection.on("error", () => connection.destroy());
    void join(engine, { ...prepared, query: chosen }, { connection, isMultiplexed: false });
  });
}

const unattachable = new Map([
  ["paused", "paused, unpause the container before attach"],
  ["restarting", "restarting, wait until the container is running"],
]);

function prepare(engine: Engine, request: FastifyRequest): Attaching {
  const query = parse(attachSchema, request.query, "query");
  const container = nameOf(request.params);
  const record = engine.containers.find(container);
  const keys = detachKeysOf(query.detachKeys ?? "");
  const why = unattachable.get(record.state.kind);
  if (why !== undefined) throw new DvmError("conflict", `container ${container} is ${why}`);
  const past = query.logs ? readContainerLog(engine, record, {}) : undefined;
  return { record, query, past, keys: record.request.config.Tty ? keys : [] };
}

function detachKeysOf(text: string): number[] {
  try {
    return parseDetachKeys(text);
  } catch {
    throw new DvmError("invalid", `Invalid detach keys (${text}) provided`);
  }
}

interface Wire {
  connection: Duplex;
  isMultiplexed: boolean;
}

/** What was said before, if that is wanted, then what is said from now on, to the end of the run. */
async function join(
  engine: Engine,
  { record, query, keys, past }: Attaching,
  wire: Wire,
): Promise<void> {
  const { connection, isMultiplexed } = wire;
  engine.announce("attach", record);
  if (past !== undefined) await sendPast(past, query, wire);
  if (connection.destroyed) return; // nobody would hear of its end
  if (!query.stream || !(query.stdin || query.stdout || query.stderr)) {
    connection.resume();
    return void connection.end();
  }
  const streams = engine.streams(record.id);
  const { stdout, stderr } = query;
  const folder = engine.containerFolder(record.id);
  const attachment = connectionAttachment(connection, { stdout, stderr, isMultiplexed, folder });
  const remove = streams.add(attachment);
  const leave = () => {
    remove();
    attachment.end();
  };
  connection.on("close", leave);
  if (!query.stdin) return void connection.resume();
  const { Tty, OpenStdin, StdinOnce } = record.request.config;
  const endsInput = StdinOnce && !Tty;
  // who has ended their input, where that is not the container's end of it, has left
  if (!endsInput) connection.on("end", leave);
  if (!endsInput && connection.readableEnded) leave();
  void copyInput(connection, OpenStdin ? streams.input : nobody(), { keys, endsInput }).then(() => {
    engine.announce("detach", record);
    leave();
  });
}

async function sendPast(
  past: AsyncIterable<LogLine[]>,
  query: AttachQuery,
  { connection, isMultiplexed }: Wire,
): Promise<void> {
  const options = { timestamps: false, details: false, isMultiplexed };
  for await (const lines of past) {
    const wanted = lines.filter(({ stream }) => query[stream]);
    await writeAll(connection, encodeLogLines(wanted, options));
  }
}

/** Takes what is typed to a container that has no input. */
function nobody(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

import type { Duplex } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { parseDetachKeys } from "../../base/detach-keys.ts";
import { DvmError } from "../../base/errors.ts";
import { flag, string, strings } from "../../base/json-fields.ts";
import {
  announceExecDetach,
  createExec,
  type ExecProcess,
  findExec,
  resizeExec,
  startExec,
} from "../../engine/containers.ts";
import type { Engine, Exec } from "../../engine/core.ts";
import { outputFrame, type OutputStream, writeOutput } from "../../engine/runs.ts";
import { copyInput } from "../copy-input.ts";
import { errorText } from "../error-status.ts";
import { hijack, type Hijacked } from "../hijack.ts";
import { parseBody } from "../body.ts";
import { terminalSize } from "../terminal-size.ts";
import { nameOf } from "./containers.ts";
import { requireJson } from "../require-json.ts";

/** Rows and columns; what is missing is not known, what is too much counts for nothing. */
const consoleSize = z
  .array(z.int().min(0))
  .nullish()
  .transform((size) => [size?.[0] ?? 0, size?.[1] ?? 0]);
const execSchema = z.object({
  Cmd: strings,
  Env: strings,
  WorkingDir: string,
  User: string,
  Tty: flag,
  AttachStdin: flag,
  AttachStdout: flag,
  AttachStderr: flag,
  Privileged: flag,
  DetachKeys: string,
  ConsoleSize: consoleSize,
});
const startSchema = z.object({ Detach: flag, Tty: flag, ConsoleSize: consoleSize });

/** `/containers/{id}/exec` and `/exec/{id}`. */
export function execRoutes(app: FastifyInstance, engine: Engine): void {
  app.post("/containers/:name/exec", { onRequest: requireJson }, async (request, reply) => {
    const body = parseBody(execSchema, request.body, "container.ExecOptions");
    checkDetachKeys(body.DetachKeys);
    const exec = await createExec(engine, nameOf(request.params), body);
    return reply.status(201).send({ Id: exec.id });
  });

  app.post("/exec/:name/start", { onRequest: requireJson }, (request, reply) =>
    start(engine, request, reply),
  );

  app.post("/exec/:name/resize", async (request, reply) => {
    const size = terminalSize(request.query);
    await resizeExec(engine, nameOf(request.params), size);
    return reply.send();
  });

  app.get("/exec/:name/json", (request) => describe(engine.execs.find(nameOf(request.params))));
}

function checkDetachKeys(keys: string): void {
  try {
    parseDetachKeys(keys);
  } catch {
    // dockerd takes it for its own fault
    throw new DvmError("unavailable", `Invalid escape keys (${keys}) provided`);
  }
}

function describe({ id, containerId, request: asked, state }: Exec) {
  const keys = asked.DetachKeys === "" ? [] : parseDetachKeys(asked.DetachKeys);
  return {
    ID: id,
    Running: state.kind === "running",
    ExitCode: state.kind === "exited" ? state.exitCode : null,
    ProcessConfig: {
      tty: asked.Tty,
      entrypoint: asked.Cmd[0] ?? "",
      arguments: asked.Cmd.slice(1),
      privileged: asked.Privileged,
      ...(asked.User === "" ? {} : { user: asked.User }),
    },
    OpenStdin: asked.AttachStdin,
    OpenStderr: asked.AttachStderr,
    OpenStdout: asked.AttachStdout,
    CanRemove: false,
    ContainerID: containerId,
    DetachKeys: Buffer.from(keys).toString("base64"),
    Pid: state.kind === "running" ? state.process.pid : state.kind === "exited" ? state.pid : 0,
  };
}

/** Frames, or their want, are as the start asks for; whether there is a terminal, as the creation did. */
async function start(engine: Engine, request: FastifyRequest, reply: FastifyReply) {
  const { Detach, Tty, ConsoleSize } = parseBody(
    startSchema,
    request.body,
    "container.ExecStartOptions",
  );
  const exec = findExec(engine, nameOf(request.params));
  if (Detach) {
    const process = await startExec(engine, exec.id, ConsoleSize);
    process.stdout.discard();
    process.stderr.discard();
    process.stdin.end();
    return reply.status(200).send();
  }
  const hijacked = hijack(request, reply, { isMultiplexed: !Tty, headers: headersOf(reply) });
  const { connection } = hijacked;
  await hijacked.headSent;
  try {
    const process = await startExec(engine, exec.id, Tty ? ConsoleSize : []);
    await attach(engine, { exec, process, hijacked, isRaw: Tty });
  } catch (error) {
    const text = Buffer.from(`${errorText(error)}\r\n`);
    await hijacked.headRead;
    connection.resume();
    connection.end(Tty ? text : outputFrame("stdout", text));
  }
}

interface AttachedExec {
  exec: Exec;
  process: ExecProcess;
  hijacked: Hijacked;
  /** Standard output as it is, and no other. */
  isRaw: boolean;
}

/** Returns when the process has ended, and all that it said was sent. */
async function attach(engine: Engine, { exec, process, hijacked, isRaw }: AttachedExec) {
  const { connection } = hijacked;
  const { Tty, AttachStdin, AttachStdout, AttachStderr, DetachKeys } = exec.request;
  const left = giveInput(connection, process, {
    isWanted: AttachStdin,
    keys: Tty ? parseDetachKeys(DetachKeys) : [],
  });
  const pump = async (stream: OutputStream, isWanted: boolean) => {
    for await (const chunk of process[stream]) {
      if (!isWanted) continue;
      await hijacked.headRead;
      // when nobody listens any more the process goes on
      await writeOutput(connection, chunk, isRaw ? undefined : { stream }).catch(() => {});
    }
  };
  const said = Promise.allSettled([
    pump("stdout", AttachStdout),
    pump("stderr", AttachStderr && !isRaw),
    process.exited,
  ]);
  const isLeft = await Promise.race([said.then(() => false), left]);
  if (isLeft) announceExecDetach(engine, exec);
  connection.end();
}

/** Settles when somebody types the keys to leave. */
function giveInput(
  connection: Duplex,
  process: ExecProcess,
  { isWanted, keys }: { isWanted: boolean; keys: readonly number[] },
): Promise<true> {
  process.stdin.on("error", () => {}); // it closed its input: what follows is nobody's
  if (isWanted) return copyInput(connection, process.stdin, { keys, endsInput: true });
  connection.resume();
  process.stdin.end();
  return new Promise(() => {});
}

/** What the server says of itself in each answer. */
function headersOf(reply: FastifyReply): Record<string, string> {
  return Object.fromEntries(
    Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]),
  );
}

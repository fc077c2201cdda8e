import type { Duplex } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import { outputFrame, type OutputStream, writeAll } from "../../engine/runs.ts";
import type { Engine } from "../../engine/core.ts";
import { createExec, startExec } from "../../engine/containers.ts";
import { errorText } from "../error-status.ts";
import { hijack, jsonBody } from "../hijack.ts";
import { parse } from "../query.ts";
import { terminalSize } from "../terminal-size.ts";
import { consoleSize, flag, string, strings } from "../../base/json-fields.ts";
import { nameOf } from "./containers.ts";
import { requireJson } from "../require-json.ts";

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
const startSchema = z.object({ Detach: flag, Tty: flag, ConsoleSize: consoleSize }).nullish();

/** `/containers/{id}/exec` and `/exec/{id}`. */
export function execRoutes(app: FastifyInstance, engine: Engine): void {
  app.post("/containers/:name/exec", { onRequest: requireJson }, async (request, reply) => {
    const body = parse(execSchema, request.body ?? {}, "exec config");
    const exec = createExec(engine, nameOf(request.params), body);
    return reply.status(201).send({ Id: exec.id });
  });

  app.post("/exec/:name/start", { onRequest: requireJson }, (request, reply) =>
    start(engine, request, reply),
  );

  app.post("/exec/:name/resize", async (request, reply) => {
    const { rows, columns } = terminalSize(request.query);
    const { state, id, request: asked } = engine.execs.find(nameOf(request.params));
    if (state.kind !== "running") throw new DvmError("conflict", `exec ${id} is not running`);
    if (asked.Tty) await state.process.resize(rows, columns);
    return reply.send();
  });

  app.get("/exec/:name/json", (request) => {
    const { id, containerId, request: asked, state } = engine.execs.find(nameOf(request.params));
    return {
      ID: id,
      ContainerID: containerId,
      Running: state.kind === "running",
      ExitCode: state.kind === "exited" ? state.exitCode : null,
      Pid: state.kind === "running" ? state.process.pid : state.kind === "exited" ? state.pid : 0,
      OpenStdin: asked.AttachStdin,
      OpenStdout: asked.AttachStdout,
      OpenStderr: asked.AttachStderr,
      CanRemove: false,
      DetachKeys: asked.DetachKeys,
      ProcessConfig: {
        entrypoint: asked.Cmd[0] ?? "",
        arguments: asked.Cmd.slice(1),
        tty: asked.Tty,
        privileged: asked.Privileged,
        ...(asked.User === "" ? {} : { user: asked.User }),
      },
    };
  });
}

async function start(engine: Engine, request: FastifyRequest, reply: FastifyReply) {
  const body = parse(startSchema, jsonBody(request), "exec start config");
  const exec = engine.execs.find(nameOf(request.params));
  const { Tty: tty, AttachStdin, AttachStdout, AttachStderr } = exec.request;
  const isNew = exec.state.kind === "created";
  const consoleSize = body?.ConsoleSize ?? [];
  if (body?.Detach === true) {
    const process = await startExec(engine, exec.id, consoleSize);
    process.stdout.discard();
    process.stderr.discard();
    process.stdin.end();
    return reply.status(200).send();
  }
  const process = await startExec(engine, exec.id, consoleSize).catch((error: unknown) => {
    if (!isNew || exec.state.kind !== "exited") throw error;
    sayFailure(hijack(request, reply, { tty }), error, tty);
  });
  if (process === undefined) return;
  const connection = hijack(request, reply, { tty });
  process.stdin.on("error", () => {}); // it closed its input: what follows is nobody's
  if (AttachStdin) connection.pipe(process.stdin);
  else {
    connection.resume();
    process.stdin.end();
  }
  const pump = async (stream: OutputStream, wanted: boolean) => {
    for await (const chunk of process[stream]) {
      if (wanted)
        await writeAll(connection, tty ? chunk : outputFrame(stream, chunk)).catch(() => {}); // nobody listens any more
    }
  };
  await Promise.allSettled([
    pump("stdout", AttachStdout),
    ...(tty ? [] : [pump("stderr", AttachStderr)]),
    process.exited,
  ]);
  connection.end();
}

/** Who is attached is told of a process that did not start as Docker tells it: by its output. */
function sayFailure(connection: Duplex, error: unknown, tty: boolean): void {
  const text = Buffer.from(`${errorText(error)}\r\n`);
  connection.resume();
  connection.end(tty ? text : outputFrame("stdout", text));
}

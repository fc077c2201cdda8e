import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import { readContainerLog } from "../../engine/containers.ts";
import type { Engine } from "../../engine/core.ts";
import { writeAll } from "../../engine/runs.ts";
import { goneSignal } from "../gone-signal.ts";
import { asksBefore } from "../api-version.ts";
import { logMoment } from "../log-moment.ts";
import { encodeLogLines } from "../log-output.ts";
import { flagParameter, parse, textParameter } from "../query.ts";
import { startAnswer } from "../start-answer.ts";
import { nameOf } from "./containers.ts";

const logsSchema = z.object({
  follow: flagParameter,
  stdout: flagParameter,
  stderr: flagParameter,
  timestamps: flagParameter,
  details: flagParameter,
  tail: textParameter,
  since: textParameter,
  until: textParameter,
});

/** `/containers/{id}/logs`. */
export function logRoutes(app: FastifyInstance, engine: Engine): void {
  app.get("/containers/:name/logs", (request, reply) => sendLogs(engine, request, reply));
}

async function sendLogs(engine: Engine, request: FastifyRequest, reply: FastifyReply) {
  const query = parse(logsSchema, request.query, "query");
  if (!query.stdout && !query.stderr)
    throw new DvmError("invalid", "Bad parameters: you must choose at least one stream");
  const record = engine.containers.find(nameOf(request.params));
  const signal = goneSignal(reply);
  const batches = readContainerLog(engine, record, {
    follow: query.follow,
    tail: tailOf(query.tail),
    since: logMoment(query.since),
    until: logMoment(query.until),
    signal,
  });
  const isMultiplexed = !record.run.process.tty;
  reply.hijack();
  startAnswer(reply, { "Content-Type": typeOf(request, isMultiplexed) });
  try {
    for await (const lines of batches) {
      const wantsAll = query.stdout && query.stderr;
      const wanted = wantsAll ? lines : lines.filter(({ stream }) => query[stream]);
      if (wanted.length > 0)
        await writeAll(reply.raw, encodeLogLines(wanted, { ...query, isMultiplexed }));
    }
    reply.raw.end();
  } catch (error) {
    if (!signal.aborted) engine.parts.log(`logs of ${record.id}: ${String(error)}`);
    reply.raw.destroy();
  }
}

function typeOf(request: FastifyRequest, isMultiplexed: boolean): string {
  return isMultiplexed && !asksBefore(request, "1.42")
    ? "application/vnd.docker.multiplexed-stream"
    : "application/vnd.docker.raw-stream";
}

/** What is no number, or a negative one, means all, as to dockerd. */
function tailOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\+?\d+$/.test(text) ? Number(text) : undefined;
}

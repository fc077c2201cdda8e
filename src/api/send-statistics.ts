import { setTimeout as delay } from "node:timers/promises";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { describeError, DvmError } from "../base/errors.ts";
import type { Engine } from "../engine/core.ts";
import { isRunning } from "../engine/records.ts";
import { asksBefore } from "./api-version.ts";
import { type ContainerStatistics, containerStatistics } from "./container-statistics.ts";
import { goneSignal } from "./gone-signal.ts";
import { flagParameter, parse, textParameter } from "./query.ts";
import { startAnswer } from "./start-answer.ts";

const intervalMs = 1000;
const querySchema = z.object({ stream: textParameter, "one-shot": flagParameter });

/** `GET /containers/{id}/stats`: one reading, or one a second until the container or the caller goes. */
export async function sendStatistics(
  engine: Engine,
  request: FastifyRequest,
  reply: FastifyReply,
  name: string,
) {
  const query = parse(querySchema, request.query, "query");
  const { id } = engine.containers.find(name);
  const isStream = flagParameter.parse(query.stream ?? "1");
  const isOneShot = query["one-shot"] && !asksBefore(request, "1.41");
  if (isStream && isOneShot)
    throw new DvmError("invalid", "cannot have stream=true and one-shot=true");
  let reading = await containerStatistics(engine, id, undefined);
  if (!isStream) {
    if (!isRunning(engine.containers.find(id))) return reading;
    if (isOneShot) return withoutNames(reading);
    await delay(intervalMs, undefined, { signal: goneSignal(reply) });
    return containerStatistics(engine, id, reading);
  }
  reply.hijack();
  startAnswer(reply, { "Content-Type": "application/json" });
  const signal = goneSignal(reply);
  try {
    for (;;) {
      reply.raw.write(`${JSON.stringify(reading)}\n`);
      await delay(intervalMs, undefined, { signal });
      reading = await containerStatistics(engine, id, reading);
    }
  } catch (error) {
    const isOver = signal.aborted || error instanceof DvmError; // client or container has gone
    if (!isOver) engine.parts.log(`statistics of ${id}: ${describeError(error)}`);
  }
  reply.raw.end();
  return reply;
}

/** As Docker answers who wants no second reading. */
function withoutNames(reading: ContainerStatistics): object {
  return Object.fromEntries(
    Object.entries(reading).filter(([field]) => field !== "name" && field !== "id"),
  );
}

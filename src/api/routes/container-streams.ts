import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { DvmError } from "../../base/errors.ts";
import type { Engine } from "../../engine/core.ts";
import { type ContainerRecord, isRunning, isUp } from "../../engine/records.ts";
import { resizeContainer } from "../../engine/containers.ts";
import { asksBefore } from "../api-version.ts";
import { parse, textParameter } from "../query.ts";
import { startAnswer } from "../start-answer.ts";
import { terminalSize } from "../terminal-size.ts";
import { nameOf } from "./containers.ts";
import { sendStatistics } from "../send-statistics.ts";

/** `/containers/{id}/…` where the answer goes on: wait, stats; and resize. */
export function containerStreamRoutes(app: FastifyInstance, engine: Engine): void {
  app.post("/containers/:name/wait", (request, reply) => wait(engine, request, reply));

  app.post("/containers/:name/resize", async (request, reply) => {
    const size = terminalSize(request.query);
    await resizeContainer(engine, nameOf(request.params), size);
    return reply.send();
  });

  app.get("/containers/:name/stats", (request, reply) =>
    sendStatistics(engine, request, reply, nameOf(request.params)),
  );
}

/**
 * Sends the headers at once, so that a client knows that it will hear of the end, and of no earlier
 * one. Before API 1.30 there were no conditions, and the headers came with the end.
 */
async function wait(engine: Engine, request: FastifyRequest, reply: FastifyReply) {
  const { condition = "" } = parse(z.object({ condition: textParameter }), request.query, "query");
  const isOld = asksBefore(request, "1.30");
  const named = condition === "" || isOld ? "not-running" : condition;
  const untilOf = waitConditions.get(named);
  if (untilOf === undefined) throw new DvmError("invalid", `invalid condition: "${named}"`);
  const record = engine.containers.find(nameOf(request.params));
  const until = untilOf(record);
  reply.hijack();
  const begin = () => startAnswer(reply, { "Content-Type": "application/json" });
  if (!isOld) begin();
  const stop = new AbortController();
  reply.raw.on("close", () => stop.abort());
  const end = await engine.containers.waitFor(record.id, until, stop.signal).catch(() => undefined);
  if (end === undefined) return;
  if (isOld) begin();
  const error = end.error === "" ? {} : { Error: { Message: end.error } };
  reply.raw.end(`${JSON.stringify({ StatusCode: end.exitCode, ...error })}\n`);
}

interface End {
  exitCode: number;
  error: string;
}

/** From how a container is now, and after each change; undefined: it has gone. */
type Until = (now: ContainerRecord | undefined) => End | undefined;

const waitConditions = new Map<string, (first: ContainerRecord) => Until>([
  [
    "not-running",
    (first) => {
      let last = first;
      return (now) => {
        last = now ?? last;
        const isOver = !isRunning(last) || (last !== first && last.state.kind === "restarting");
        return now === undefined || isOver ? endOf(last) : undefined;
      };
    },
  ],
  [
    "next-exit",
    (first) => {
      let last = first;
      return (now) => {
        last = now ?? last;
        const hasChanged = last.state !== first.state && !isUp(last);
        return now === undefined || hasChanged ? endOf(last) : undefined;
      };
    },
  ],
  [
    "removed",
    (first) => {
      let last = first;
      return (now) => {
        last = now ?? last;
        // why it didn't start is told by its start alone
        return now === undefined ? { ...endOf(last), error: "" } : undefined;
      };
    },
  ],
]);

function endOf({ state }: ContainerRecord): End {
  if ("finishedAt" in state) return { exitCode: state.exitCode, error: state.error };
  if (state.kind === "created" && state.failure !== undefined) return state.failure;
  return { exitCode: 0, error: "" };
}

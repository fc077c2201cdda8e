import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { DvmError } from "../base/errors.ts";
import type { Engine, EngineEvent } from "../engine/core.ts";
import { asksBefore } from "./api-version.ts";
import { matchesEvent } from "./event-filters.ts";
import { readFilters } from "./filters.ts";
import { parse, textParameter } from "./query.ts";
import { startAnswer } from "./start-answer.ts";

const eventsSchema = z.object({
  since: textParameter,
  until: textParameter,
  filters: textParameter,
});

/** `GET /events`: a JSON object an event, those since a moment first, until one or the caller goes. */
export async function sendEvents(
  engine: Engine,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { since: from, until: to, filters: text } = parse(eventsSchema, request.query, "query");
  const [since, until] = [eventTime(from), eventTime(to)];
  if (since !== undefined && until !== undefined && until < since)
    throw new DvmError(
      "invalid",
      `\`since\` time (${from}) cannot be after \`until\` time (${to})`,
    );
  const filters = readFilters(text);
  const knowsOfNewImages = !asksBefore(request, "1.46");
  reply.hijack();
  const { raw } = reply;
  startAnswer(reply, { "Content-Type": "application/json" });
  const send = (event: EngineEvent) => {
    const isKnown = knowsOfNewImages || event.Type !== "image" || event.Action !== "create";
    if (isKnown && matchesEvent(event, filters)) raw.write(`${JSON.stringify(event)}\n`);
  };
  if (since !== undefined || until !== undefined)
    engine.events.between(since ?? 0, until ?? Number.MAX_VALUE).forEach(send);
  const leftMs = until === undefined ? undefined : until / 1e6 - Date.now();
  if (leftMs !== undefined && leftMs <= 0) return void raw.end();
  const stop = engine.events.listen(send);
  raw.on("close", stop);
  if (leftMs === undefined) return;
  const timer = setTimeout(() => raw.end(), Math.min(leftMs, longestTimerMs));
  raw.on("close", () => clearTimeout(timer));
}

/** Of Node's timers. */
const longestTimerMs = 2 ** 31 - 1;

/** Unix seconds with or without a fraction, in nanoseconds; undefined for none. */
function eventTime(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const [, seconds, , fraction = ""] = /^([+-]?\d+)(\.(\d+))?$/.exec(text) ?? [];
  if (seconds === undefined) {
    const wrong = text.split(".").find((part) => !/^[+-]?\d+$/.test(part)) ?? text;
    throw new DvmError(
      "unclassified",
      `strconv.ParseInt: parsing ${JSON.stringify(wrong)}: invalid syntax`,
    );
  }
  return Number(seconds) * 1e9 + Number(fraction.padEnd(9, "0").slice(0, 9));
}

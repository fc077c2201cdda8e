import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Engine, EngineEvent } from "../engine/core.ts";
import { matchesLabels, numberParameter, parse, parseFilters, textParameter } from "./query.ts";

const eventsSchema = z.object({
  since: numberParameter,
  until: numberParameter,
  filters: textParameter,
});
const eventFilters = ["type", "event", "container", "image", "label", "volume"];

/** `GET /events`: a JSON object an event, those since a moment first, until one or the caller goes. */
export async function sendEvents(
  engine: Engine,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { since, until, filters: text } = parse(eventsSchema, request.query, "query");
  const filters = parseFilters(text, eventFilters);
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, { "Content-Type": "application/json" });
  raw.flushHeaders();
  const send = (event: EngineEvent) => {
    if (matches(event, filters)) raw.write(`${JSON.stringify(event)}\n`);
  };
  if (since !== undefined) engine.events.since(since).forEach(send);
  const stop = engine.events.listen(send);
  raw.on("close", stop);
  if (until === undefined) return;
  const timer = setTimeout(() => raw.end(), Math.max(0, until * 1000 - Date.now()));
  raw.on("close", () => clearTimeout(timer));
}

/** Actions of execs have their command in them: `exec_start: ls -l`. */
function isCalled(action: string, name: string): boolean {
  return action === name || action.startsWith(`${name}: `);
}

function matches({ Type, Action, Actor }: EngineEvent, filters: Map<string, string[]>): boolean {
  const named = (type: string) => {
    const values = filters.get(type);
    return (
      values === undefined ||
      (Type === type &&
        values.some((value) => Actor.ID.startsWith(value) || Actor.Attributes["name"] === value))
    );
  };
  return (
    (filters.get("type")?.includes(Type) ?? true) &&
    (filters.get("event")?.some((name) => isCalled(Action, name)) ?? true) &&
    matchesLabels(Actor.Attributes, filters.get("label") ?? []) &&
    named("container") &&
    named("image") &&
    named("volume")
  );
}

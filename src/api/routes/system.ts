import type { FastifyInstance, FastifyReply } from "fastify";
import type { Engine } from "../../engine/core.ts";
import { versionOf } from "../api-version.ts";
import { describeUsage } from "../disk-usage.ts";
import { sendEvents } from "../events.ts";
import { describeSystem } from "../info.ts";
import { describeVersion } from "../system-description.ts";

/** `/_ping`, `/version`, `/info`, `/events`, `/system/df`. */
export function systemRoutes(app: FastifyInstance, engine: Engine): void {
  app.get("/_ping", (_request, reply) => ping(reply).send("OK"));
  app.head("/_ping", (_request, reply) => ping(reply).header("Content-Length", "0").send());
  app.get("/version", () => describeVersion(engine));
  app.get("/info", (request) => describeSystem(engine, versionOf(request)));
  app.get("/system/df", (request) => describeUsage(engine, request));
  app.get("/events", (request, reply) => sendEvents(engine, request, reply));
}

function ping(reply: FastifyReply): FastifyReply {
  return reply.headers({
    "Cache-Control": "no-cache, no-store, must-revalidate",
    Pragma: "no-cache",
    Swarm: "inactive",
    "Content-Type": "text/plain; charset=utf-8",
  });
}

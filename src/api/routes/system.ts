import type { FastifyInstance } from "fastify";
import type { Engine } from "../../engine/core.ts";
import { describeUsage } from "../disk-usage.ts";
import { sendEvents } from "../events.ts";
import { apiVersion, describeSystem, describeVersion, dvmVersion } from "../system-description.ts";

/** `/_ping`, `/version`, `/info`, `/events`, `/system/df`. No build cache: DVM builds nothing. */
export function systemRoutes(app: FastifyInstance, engine: Engine): void {
  app.addHook("onSend", async (_request, reply) => {
    void reply.headers({
      "Api-Version": apiVersion,
      Ostype: "linux",
      Server: `DVM/${dvmVersion} (linux)`,
    });
  });
  app.get("/_ping", (_request, reply) => reply.type("text/plain").send("OK"));
  app.get("/version", describeVersion);
  app.get("/info", () => describeSystem(engine));
  app.get("/system/df", (request) => describeUsage(engine, request.query));
  app.post("/build/prune", () => ({ CachesDeleted: null, SpaceReclaimed: 0 }));
  app.get("/events", (request, reply) => sendEvents(engine, request, reply));
}

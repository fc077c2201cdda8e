import { posix } from "node:path";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Engine } from "../engine/core.ts";
import { hasTaken } from "./connections.ts";
import { newestApiVersion, requireKnownVersion, versionOf } from "./api-version.ts";
import { dvmVersion } from "./system-description.ts";

/** What an API of Docker says of itself in every answer, and how its answers are written. */
export function speakVersions(app: FastifyInstance, { parts }: Engine): void {
  app.addHook("onRequest", async (request, reply) => {
    parts.log(`Calling ${request.method} ${request.originalUrl}`, "debug");
    // Go's server doesn't say that a connection is kept; one that was taken over isn't
    if (request.headers.connection === undefined && !hasTaken(request.raw))
      reply.raw.removeHeader("connection");
    if (request.is404 || !isPlain(request.originalUrl)) return sendNoPage(request, reply);
    void reply.headers({
      "Api-Version": newestApiVersion,
      Ostype: "linux",
      Server: `DVM/${dvmVersion} (linux)`,
    });
    requireKnownVersion(versionOf(request));
    void reply.header("Docker-Experimental", String(parts.settings().experimental));
  });
  // docker's client takes an error for JSON only when nothing follows the type
  app.addHook("onSend", async (_request, reply, payload) => {
    const isOurs = reply.getHeader("content-type") === "application/json; charset=utf-8";
    if (isOurs) void reply.header("content-type", "application/json");
    return isOurs && typeof payload === "string" ? endedLine(reply, payload) : payload;
  });
  app.options("*", (_request, reply) => reply.send());
  app.setNotFoundHandler(sendNoPage);
}

/** As Go's encoder ends what it writes: a shell's prompt comes on a line of its own. */
function endedLine(reply: FastifyReply, json: string): string {
  void reply.header("content-length", Buffer.byteLength(json) + 1);
  return `${json}\n`;
}

function isPlain(url: string): boolean {
  const [path = ""] = url.split("?");
  return posix.normalize(path) === path;
}

/** A path that is written in another way than it need be is told how, as by Docker's router. */
function sendNoPage({ originalUrl }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const [path = "", ...query] = originalUrl.split("?");
  const plain = posix.normalize(path);
  if (plain !== path) return reply.redirect([plain, ...query].join("?"), 301);
  return reply.status(404).send({ message: "page not found" });
}

import { chmod, rm } from "node:fs/promises";
import { ServerResponse, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import fastify, { type FastifyInstance } from "fastify";
import { DvmError } from "../base/errors.ts";
import type { Engine } from "../engine/engine.ts";
import { sendError } from "./error-status.ts";
import { containerRoutes } from "./routes/containers.ts";
import { containerStreamRoutes } from "./routes/container-streams.ts";
import { execRoutes } from "./routes/exec.ts";
import { imageRoutes } from "./routes/images.ts";
import { networkRoutes } from "./routes/networks.ts";
import { systemRoutes } from "./routes/system.ts";
import { volumeRoutes } from "./routes/volumes.ts";

const bodyLimitBytes = 16 * 2 ** 20;

/** The Docker Engine HTTP API over `engine`; listens nowhere yet. */
export function buildServer(engine: Engine): FastifyInstance {
  const app = fastify({
    bodyLimit: bodyLimitBytes,
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true },
    rewriteUrl: (request) => withoutVersion(request.url ?? "/"),
  });
  acceptBodies(app);
  app.setErrorHandler((error, request, reply) => {
    const failed = sendError(reply, error);
    if (reply.statusCode >= 500)
      engine.parts.log(`${request.method} ${request.url}: ${String(error)}`);
    return failed;
  });
  app.setNotFoundHandler(() => {
    throw new DvmError("not-found", "page not found");
  });
  for (const routes of [
    systemRoutes,
    containerRoutes,
    containerStreamRoutes,
    execRoutes,
    imageRoutes,
    networkRoutes,
    volumeRoutes,
  ]) {
    routes(app, engine);
  }
  app.server.on("upgrade", (request, socket, head) => routeUpgrade(app, { request, socket, head }));
  return app;
}

/** Listens on a unix socket that only its owner may use. */
export async function listen(app: FastifyInstance, socketPath: string): Promise<void> {
  await rm(socketPath, { force: true });
  const mask = process.umask(0o177);
  try {
    await app.listen({ path: socketPath });
  } finally {
    process.umask(mask);
  }
  await chmod(socketPath, 0o600);
}

/** `/v1.47/containers/json` and `/containers/json` are the same. */
function withoutVersion(url: string): string {
  return url.replace(/^\/v\d+\.\d+(?=\/)/, "");
}

/** Archives stay streams; JSON is read whole, and an empty body counts as none. */
function acceptBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => {
    try {
      done(null, body === "" ? undefined : JSON.parse(String(body)));
    } catch (cause) {
      done(new DvmError("invalid", "cannot read the request: its body is not JSON", { cause }));
    }
  });
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
}

/** Attach and exec ask for an upgrade: the request is routed like any other, its socket kept raw. */
function routeUpgrade(
  app: FastifyInstance,
  upgrade: { request: IncomingMessage; socket: Duplex; head: Buffer },
): void {
  const { request, socket, head } = upgrade;
  if (head.length > 0) socket.unshift(head);
  const response = new ServerResponse(request);
  // Node gives an upgraded connection of this server as the net.Socket it is
  response.assignSocket(request.socket);
  response.on("finish", () => socket.end());
  socket.on("error", () => socket.destroy());
  app.routing(request, response);
}

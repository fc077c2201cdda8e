import { chmod, rm } from "node:fs/promises";
import type { Socket } from "node:net";
import fastify, { type FastifyInstance } from "fastify";
import type { Engine } from "../engine/core.ts";
import { withLinkName } from "./link-path.ts";
import { isOlder, oldestApiVersion, versionOf, withoutVersion } from "./api-version.ts";
import { readTakenBodies, takeConnections } from "./connections.ts";
import { sendError, sendPlainError } from "./error-status.ts";
import { parseJsonBody } from "./body.ts";
import { speakVersions } from "./speak-versions.ts";
import { attachRoutes } from "./routes/attach.ts";
import { authRoute } from "./routes/auth.ts";
import { commitRoute } from "./routes/commit.ts";
import { containerLifeRoutes } from "./routes/container-life.ts";
import { checkpointRoutes, containerRoutes } from "./routes/containers.ts";
import { containerFileRoutes } from "./routes/container-files.ts";
import { containerRequestRoutes } from "./routes/container-request.ts";
import { containerStreamRoutes } from "./routes/container-streams.ts";
import { execRoutes } from "./routes/exec.ts";
import { imageArchiveRoutes } from "./routes/image-archives.ts";
import { imageRoutes } from "./routes/images.ts";
import { kernelFitRoutes } from "./routes/kernel-fit.ts";
import { pluginRoutes } from "./routes/plugins.ts";
import { swarmRoutes } from "./routes/swarm.ts";
import { buildRoutes } from "./routes/build.ts";
import { logRoutes } from "./routes/logs.ts";
import { networkRoutes } from "./routes/networks.ts";
import { systemRoutes } from "./routes/system.ts";
import { templateRoutes } from "./routes/templates.ts";
import { registryRoutes } from "./routes/transfers.ts";
import { volumeRoutes } from "./routes/volumes.ts";

const bodyLimitBytes = 16 * 2 ** 20;

/** The Docker Engine HTTP API over `engine`; listens nowhere yet. */
export function buildServer(engine: Engine): FastifyInstance {
  const app = fastify({
    bodyLimit: bodyLimitBytes,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    rewriteUrl: ({ method, url }) => withLinkName(method, withoutVersion(url ?? "/")),
  });
  acceptBodies(app);
  speakVersions(app, engine);
  app.setErrorHandler((error, request, reply) => {
    const isAncient = isOlder(versionOf(request), oldestApiVersion);
    const failed = isAncient ? sendPlainError(reply, error) : sendError(reply, error);
    if (reply.statusCode >= 500)
      engine.parts.log(`${request.method} ${request.url}: ${String(error)}`);
    return failed;
  });
  for (const routes of [
    systemRoutes,
    templateRoutes,
    containerRoutes,
    checkpointRoutes,
    containerRequestRoutes,
    containerLifeRoutes,
    containerStreamRoutes,
    attachRoutes,
    logRoutes,
    commitRoute,
    execRoutes,
    registryRoutes,
    imageRoutes,
    kernelFitRoutes,
    networkRoutes,
    volumeRoutes,
    swarmRoutes,
    pluginRoutes,
    buildRoutes,
  ]) {
    routes(app, engine);
  }
  app.register(async (scope) => {
    takeAnyBody(scope);
    containerFileRoutes(scope, engine);
    imageArchiveRoutes(scope, engine);
    authRoute(scope, engine);
  });
  readTakenBodies(app);
  const taken = takeConnections(app, app.server);
  app.addHook("preClose", async () => taken.destroy());
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

/**
 * Gets `app` ready for connections of sockets that somebody else listens at: what it gives takes
 * one. Node begins to count connections, and to end slow ones, when its own server listens.
 */
export async function acceptConnections(app: FastifyInstance): Promise<(socket: Socket) => void> {
  await app.ready();
  app.server.emit("listening");
  return (socket) => app.server.emit("connection", socket);
}

/** Archives stay streams; JSON is read whole, and an empty body counts as none. */
function acceptBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => {
    try {
      done(null, body === "" ? undefined : parseJsonBody(String(body)));
    } catch (error) {
      done(error instanceof Error ? error : null);
    }
  });
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
}

/** Where an archive comes its type says nothing: it stays a stream. */
function takeAnyBody(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
}

import { once } from "node:events";
import { createServer } from "node:http";
import type { FastifyInstance } from "fastify";
import { Metrics } from "../../api/metrics.ts";
import { DvmError, systemErrorCode } from "../../base/errors.ts";
import type { Engine } from "../../engine/core.ts";

const okStatus = 200;
const notFoundStatus = 404;

/** Prometheus' figures at `address` (`127.0.0.1:9323`), if it is given; nothing else is served there. */
export async function serveMetrics(
  engine: Engine,
  app: FastifyInstance,
  address: string | undefined,
): Promise<AsyncDisposable & { address?: string }> {
  if (address === undefined) return { [Symbol.asyncDispose]: async () => {} };
  const metrics = new Metrics(engine);
  app.addHook("onResponse", async (request, reply) => {
    metrics.count(request.method, request.routeOptions.url ?? "", reply.elapsedTime);
  });
  const server = createServer((request, response) => {
    const isKnown = request.method === "GET" && /^\/metrics(?:\?|$)/.test(request.url ?? "");
    response.writeHead(isKnown ? okStatus : notFoundStatus, {
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
    });
    if (!isKnown) response.end("404 page not found\n");
    else
      metrics.text().then(
        (text) => response.end(text),
        () => response.destroy(),
      );
  });
  const at = address.lastIndexOf(":");
  const host = address.slice(0, at).replace(/^\[|\]$/g, "");
  server.listen(Number(address.slice(at + 1)), host === "" ? "127.0.0.1" : host);
  try {
    await once(server, "listening");
  } catch (cause) {
    throw new DvmError(
      "unavailable",
      `cannot serve metrics at ${address}: ${systemErrorCode(cause) ?? "it fails"}`,
      { cause },
    );
  }
  return {
    address: `http://${address}/metrics`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

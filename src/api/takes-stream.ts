import type { FastifyRequest } from "fastify";

/** As much of a body that nobody wants any more is taken all the same, as by Go's server. */
const drainedBytes = 256 * 1024;
const drainDeadlineMs = 1000;

/** Before a route that reads its body itself: whatever a client calls it, it isn't read as JSON. */
export async function takesStream(request: FastifyRequest): Promise<void> {
  delete request.headers["content-type"];
}

/**
 * Gives `action` the body. When that fails before it has read all, a little of the rest is read, so
 * that a client which still sends hears why, and not that its connection broke.
 */
export async function withBody<T>(
  { raw }: FastifyRequest,
  action: (body: AsyncIterable<Buffer>) => Promise<T>,
): Promise<T> {
  const body = raw.iterator({ destroyOnReturn: false });
  try {
    return await action(body);
  } catch (error) {
    await drain(raw);
    throw error;
  }
}

function drain(raw: FastifyRequest["raw"]): Promise<void> {
  return new Promise((resolve) => {
    let left = drainedBytes;
    const timer = setTimeout(resolve, drainDeadlineMs);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    if (raw.readableEnded || raw.destroyed) return done();
    raw.on("data", (piece: Buffer) => {
      left -= piece.length;
      if (left <= 0) done();
    });
    raw.on("end", done).on("close", done).on("error", done);
    raw.resume();
  });
}

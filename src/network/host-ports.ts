import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { DvmError, systemErrorCode } from "../base/errors.ts";

interface HostPort {
  protocol: "tcp" | "udp";
  address: string;
  /** 0 asks for any free one. */
  port: number;
}

/**
 * Finds out that a port of the host is free (by listening on it for a moment) and which it is.
 * Someone else may still take it before it is used; then the machine's start fails with the driver's word.
 */
export async function claimHostPort(wanted: HostPort): Promise<number> {
  try {
    return await (wanted.protocol === "tcp" ? tryTcp(wanted) : tryUdp(wanted));
  } catch (cause) {
    throw bindError(wanted, systemErrorCode(cause), cause);
  }
}

/** Why a port can't be had, by the system's name for it. */
export function bindError(wanted: HostPort, code: string | undefined, cause?: unknown): DvmError {
  const where = `${wanted.address}:${wanted.port}/${wanted.protocol}`;
  const why = code === "EADDRINUSE" ? "port is already allocated" : `not usable (${code})`;
  return new DvmError("unavailable", `Bind for ${where} failed: ${why}`, { cause });
}

function tryTcp({ address, port }: HostPort): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host: address, port, exclusive: true }, () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === "object" && bound !== null ? bound.port : port));
    });
  });
}

function tryUdp({ address, port }: HostPort): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    socket.once("error", reject);
    socket.bind({ address, port, exclusive: true }, () => {
      const bound = socket.address().port;
      socket.close(() => resolve(bound));
    });
  });
}

import { createSocket } from "node:dgram";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { remember } from "../base/remember.ts";
import { systemErrorCode } from "../base/errors.ts";

export interface HostPort {
  protocol: "tcp" | "udp";
  address: string;
  port: number;
}

/**
 * The system's name for why a port of the host can't be listened at, found out by listening for a
 * moment; undefined: it can. Someone else may still take it before it is used.
 */
export async function portFault(wanted: HostPort): Promise<string | undefined> {
  try {
    await (wanted.protocol === "tcp" ? tryTcp(wanted) : tryUdp(wanted));
    return undefined;
  } catch (error) {
    return systemErrorCode(error) ?? "EINVAL";
  }
}

/** First and last of those that the host gives to who asks for any. */
export const ephemeralPorts = remember(async (): Promise<readonly [number, number]> => {
  const text = await readFile("/proc/sys/net/ipv4/ip_local_port_range", "utf8").catch(() => "");
  const [, first, last] = /^(\d+)\s+(\d+)/.exec(text) ?? [];
  return first === undefined ? [49_153, 65_535] : [Number(first), Number(last)];
});

function tryTcp({ address, port }: HostPort): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host: address, port, exclusive: true, ipv6Only: true }, () => {
      server.close(() => resolve());
    });
  });
}

function tryUdp({ address, port }: HostPort): Promise<void> {
  return new Promise((resolve, reject) => {
    const type = address.includes(":") ? "udp6" : "udp4";
    const socket = createSocket({ type, ipv6Only: type === "udp6" });
    socket.once("error", reject);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.close(() => resolve());
    });
  });
}

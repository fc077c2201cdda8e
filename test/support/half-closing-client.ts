import { connect, type Socket } from "node:net";

/** A connection whose own end stays open when the other side has ended its. */
export function openTo(port: number, host = "127.0.0.1"): Socket {
  return connect({ port, host, allowHalfOpen: true });
}

/** Sends, half-closes, and gives all that comes; "" where nothing does. */
export async function asked(
  port: number,
  host?: string,
  words: string | Buffer = "",
): Promise<string> {
  const socket = openTo(port, host);
  socket.end(words);
  let heard = "";
  try {
    for await (const part of socket) heard += String(part);
  } catch {
    return "";
  }
  return heard;
}

import { createConnection, type Socket } from "node:net";

/** A connection to a Unix socket. */
export async function connectSocket(path: string): Promise<Socket> {
  const socket = createConnection(path);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  return socket;
}

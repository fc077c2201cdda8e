import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";

/** An HTTP proxy that tunnels (CONNECT) to `target` whatever host it is asked for, and notes the hosts. */
export async function connectProxy(
  target: string,
): Promise<AsyncDisposable & { url: string; tunnels: string[] }> {
  const tunnels: string[] = [];
  const server = createServer((_request, response) => void response.writeHead(400).end());
  server.on("connect", (request, socket) => {
    tunnels.push(request.url ?? "");
    const [host, port] = target.split(":");
    const behind = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      behind.pipe(socket).pipe(behind);
    });
    behind.on("error", () => socket.destroy());
    socket.on("error", () => behind.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tunnels,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

import { createSocket } from "node:dgram";
import { createServer } from "node:net";

/** Tells whoever connects, or sends, who he is to it. */
const port = 80;
createServer((socket) => {
  socket.on("error", () => {});
  socket.end(`${socket.remoteAddress}\n`);
}).listen(port, "::", () => {
  const udp = createSocket("udp6");
  udp.on("message", (_, { address, port: from }) => udp.send(`${address}\n`, from, address));
  udp.bind(port, "::", () => process.stdout.write("ready\n"));
});

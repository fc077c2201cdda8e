import { connect } from "node:net";
import { pipeline } from "node:stream/promises";
import type { Command } from "../command.ts";

/** `dvm system dial-stdio`: what `docker -H ssh://…` runs on the daemon's host. */
export const command: Command = {
  name: "system dial-stdio",
  usage: "",
  summary: "Proxy the stdio stream to the daemon connection. Should not be invoked manually.",
  flags: [],
  arguments: { min: 0, max: 0 },
  async run(_input, { client, places, stdin, stdout }) {
    await client.system.version(); // starts a daemon where none listens
    const socket = connect({ path: places.socketPath, allowHalfOpen: true });
    // the daemon's end of a connection is the end, though more could be said
    pipeline(stdin, socket).catch(() => {});
    await pipeline(socket, stdout, { end: false });
    socket.destroy();
    stdin.destroy();
  },
};

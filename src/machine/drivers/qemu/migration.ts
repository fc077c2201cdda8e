import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createConnection, createServer, type Socket } from "node:net";
import { DvmError } from "../../../base/errors.ts";
import type { QmpConnection } from "./qmp.ts";

/** Devices only: RAM is a file that both sides map, and QEMU need not send it. */
const capabilities = [
  { capability: "x-ignore-shared", state: true },
  { capability: "events", state: true },
];
/** Some 60 KiB; a stream that is longer holds RAM, which is a mistake of ours. */
const maximumStateBytes = 16 * 2 ** 20;
/** Between two pieces of it. */
const silenceMs = 30_000;

/** Has a stopped machine write its devices' state to `stateFile`, by way of `socketPath`. */
export async function saveState(
  control: QmpConnection,
  { stateFile, socketPath }: { stateFile: string; socketPath: string },
): Promise<void> {
  const received = receiveOnce(socketPath);
  try {
    await received.listening;
    await control.execute("migrate-set-capabilities", { capabilities });
    const ended = migrationEnd(control);
    ended.catch(() => {}); // told where it is awaited
    await control.execute("migrate", { uri: `unix:${socketPath}` });
    await ended;
    await writeFile(stateFile, await received.bytes, { mode: 0o600 });
  } finally {
    received.close();
  }
}

/** Gives the state in `stateFile` to a machine that waits for it; it doesn't run yet. */
export async function loadState(
  control: QmpConnection,
  { stateFile, socketPath }: { stateFile: string; socketPath: string },
): Promise<void> {
  const state = readFile(stateFile);
  state.catch(() => {}); // told where it is awaited
  await control.execute("migrate-set-capabilities", { capabilities });
  const ended = migrationEnd(control);
  ended.catch(() => {}); // idem
  await control.execute("migrate-incoming", { uri: `unix:${socketPath}` });
  const socket = createConnection(socketPath);
  socket.on("error", () => {}); // QEMU tells by its event what is wrong with the stream
  socket.end(await state);
  await ended;
  await rm(socketPath, { force: true });
}

async function migrationEnd(control: QmpConnection): Promise<void> {
  let status: unknown;
  await control.event(({ event, data }) => {
    status = data["status"];
    return event === "MIGRATION" && (status === "completed" || status === "failed");
  });
  if (status === "failed")
    throw new DvmError("damaged", "cannot take a machine's state over: QEMU gave up on it");
}

/** Listens for one connection and keeps what comes through it. */
function receiveOnce(path: string) {
  const server = createServer({ allowHalfOpen: false });
  const bytes = (async () => {
    const [socket]: Socket[] = await once(server, "connection");
    if (socket === undefined) throw new DvmError("internal", "cannot save a machine: no socket");
    socket.setTimeout(silenceMs, () => socket.destroy(silentError()));
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of socket) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > maximumStateBytes)
        throw new DvmError("internal", "cannot save a machine: its state has no end");
    }
    return Buffer.concat(chunks);
  })();
  bytes.catch(() => {}); // told where it is awaited
  server.listen(path);
  return { listening: once(server, "listening"), bytes, close: () => server.close() };
}

function silentError(): DvmError {
  const fact = `its state did not go on within ${silenceMs / 1000} s`;
  return new DvmError("deadline", `cannot save a machine: ${fact}`);
}

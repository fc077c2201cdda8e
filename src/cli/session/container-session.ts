import type { CliContext } from "../command.ts";
import type { Attached } from "../options/create-body.ts";
import { attachStreams } from "./attach-streams.ts";
import { parseDetachKeys } from "../../base/detach-keys.ts";
import { forwardSignals } from "./forward-signals.ts";
import { followTerminalSize } from "./terminal-size.ts";

export interface ContainerSession {
  id: string;
  tty: boolean;
  attached: Attached;
  detachKeys: string | undefined;
  /** Pass signals on to the container. A terminal's container gets its keys instead. */
  signalProxy: boolean;
  /** When the container counts as ended. */
  until: "not-running" | "next-exit" | "removed";
  /** Starts the container; one that runs already needs none. */
  start?: () => Promise<void>;
}

/**
 * Attaches to a container, starts it, and returns its exit code, or 0 when somebody detached.
 * The wait and the streams are there before the start, so nothing is missed.
 */
export async function containerSession(
  context: CliContext,
  session: ContainerSession,
): Promise<number> {
  const { client, stdout, stderr } = context;
  const { id, tty, attached, detachKeys } = session;
  using signals = session.signalProxy && !tty ? forward(context, id) : undefined;
  const [connection, wait] = await Promise.all([
    client.containers.attach(id, { ...attached, detachKeys }),
    client.containers.wait(id, session.until),
  ]);
  using streams = attachStreams(connection, context, {
    tty,
    attached,
    detachKeys: parseDetachKeys(detachKeys),
  });
  await session.start?.();
  signals?.begin();
  streams.startInput();
  using _size = tty
    ? followTerminalSize(stdout, ({ rows, columns }) => client.containers.resize(id, rows, columns))
    : undefined;
  if ((await streams.finished) === "detached") {
    stderr.write("\r\nread escape sequence\r\n");
    return 0;
  }
  const { code, error } = await wait.exit;
  if (error !== "") stderr.write(`dvm: ${error}\n`);
  return code;
}

function forward({ client }: CliContext, id: string) {
  return forwardSignals((signal) => client.containers.kill(id, signal));
}

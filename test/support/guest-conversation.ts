import assert from "node:assert/strict";
import { createConnection } from "node:net";
import { createInterface } from "node:readline";

/** What the guest answers to `lines`, one after the other. */
export async function conversation(path: string | undefined, lines: string[]): Promise<string[]> {
  assert(path !== undefined);
  await connects(path);
  const socket = createConnection(path);
  try {
    const answers: string[] = [];
    const received = createInterface({ input: socket })[Symbol.asyncIterator]();
    for (const line of lines) {
      socket.write(`${line}\n`);
      answers.push(String((await received.next()).value));
    }
    return answers;
  } finally {
    socket.destroy();
  }
}

/** Connects within a second or two: a VMM may take a moment to make its socket. */
export async function connects(path: string, withinMs = 5_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      await new Promise<void>((resolve, reject) => {
        const socket = createConnection(path, () => {
          socket.destroy();
          resolve();
        });
        socket.once("error", reject);
      });
      return;
    } catch (error) {
      const gone = !(error instanceof Error) || !("code" in error) || error.code !== "ENOENT";
      if (gone || Date.now() >= deadline) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }
  }
}

import { once } from "node:events";
import { get } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/**
 * A program of its own, so that it can run in another network namespace: prints `ready`, waits for a line,
 * asks `http://127.0.0.1:PORT/` until there is an answer of 200, and prints `answered`.
 */
const port = Number(process.argv[2]);
const pauseMs = 5;
/** A published port may take a connection long before somebody behind it does. */
const tryMs = 100;

process.stdout.write("ready\n");
await once(process.stdin, "data");
process.stdin.destroy();
while (!(await answers())) await delay(pauseMs);
process.stdout.write("answered\n");

function answers(): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: "127.0.0.1", port, timeout: tryMs, agent: false }, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode === 200));
      response.on("error", () => resolve(false));
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(false));
  });
}

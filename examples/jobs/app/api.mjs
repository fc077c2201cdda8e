// POST / queues the body as a job; GET / tells how many wait and which results are there.
import { readdir } from "node:fs/promises";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { Queue } from "./queue.mjs";

const queue = new Queue();

createServer(async (request, response) => {
  try {
    if (request.method === "POST") {
      const number = await queue.call("INCR", "number");
      await queue.call("LPUSH", "jobs", JSON.stringify({ number, text: await text(request) }));
      return answer(response, 202, { number });
    }
    const done = (await readdir(process.env.RESULTS)).sort();
    answer(response, 200, { waiting: await queue.call("LLEN", "jobs"), done });
  } catch (error) {
    answer(response, 503, { error: String(error) });
  }
}).listen(3000, () => console.log("jobs are taken"));

function answer(response, status, document) {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(`${JSON.stringify(document)}\n`);
}

process.once("SIGTERM", () => process.exit(0));

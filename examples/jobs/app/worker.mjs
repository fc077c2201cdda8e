// Takes jobs from the queue, one at a time, and writes what they say in capitals.
import { rename, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { Queue } from "./queue.mjs";

process.once("SIGTERM", () => process.exit(0));
const queue = new Queue();
console.log("waiting for jobs");
for (;;) {
  const found = await queue.call("BRPOP", "jobs", "5");
  if (found === null) continue;
  const { number, text } = JSON.parse(found[1]);
  const part = join(process.env.RESULTS, `.${number}.part`);
  await writeFile(part, `${text.toUpperCase()} by ${hostname()}\n`);
  await rename(part, join(process.env.RESULTS, `${number}.txt`));
  console.log(`did job ${number}`);
}

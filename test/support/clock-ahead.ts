import assert from "node:assert/strict";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { TestDaemon } from "./test-daemon.ts";

/**
 * By how many milliseconds a container's clock is ahead of the host's, measured over many questions
 * and answers. `words`: what runs or enters a container that has Python.
 */
export async function clockAheadMs(daemon: TestDaemon, words: string[]): Promise<number> {
  const loop = "import sys,time\nfor _ in sys.stdin: print(time.time_ns(), flush=True)";
  const child = daemon.spawnClient([...words, "python3", "-c", loop]);
  assert(child.stdin !== null && child.stdout !== null);
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const found: { took: number; ahead: number }[] = [];
  for (let times = 0; times < 10; times += 1) {
    const before = Date.now();
    child.stdin.write("\n");
    const theirs = Number((await answers.next()).value) / 1e6;
    const after = Date.now();
    found.push({ took: after - before, ahead: theirs - (before + after) / 2 });
  }
  child.stdin.end();
  await once(child, "close");
  const [best] = found.toSorted((a, b) => a.took - b.took);
  assert(best !== undefined && best.took < 40, "no answer came soon enough to tell");
  return best.ahead;
}

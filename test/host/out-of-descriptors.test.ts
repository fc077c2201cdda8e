import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { startCompanion } from "../../src/host/companion.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const host = new URL("../../src/host/", import.meta.url);

/** A daemon that has found two companions, and then has no descriptor left. */
const script = `
import { openSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { findCompanion } from "${new URL("companion.ts", host).href}";
import { isAlive, processStartTime } from "${new URL("processes.ts", host).href}";

const [first, second] = await Promise.all(process.argv.slice(1).map((path) => findCompanion(JSON.parse(path))));
const report = { failures: [], ended: [] };
try { for (;;) openSync("/dev/null"); } catch (error) { report.full = error.code; }
first.exited.then(() => report.ended.push("first"));
await processStartTime(first.identity.pid).catch((error) => report.failures.push(error.code));
report.alive = await isAlive(first.identity);
await delay(2500);
report.endedBeforeKill = [...report.ended];
await first.kill();
report.endedAfterKill = [...report.ended];
report.aliveAfterKill = await isAlive(first.identity);
report.otherAlive = await isAlive(second.identity);
process.stdout.write(JSON.stringify(report));
process.exit(0);
`;

test("out of descriptors a process that lives is alive, and is ended by a kill", async () => {
  await using folder = await temporaryFolder();
  const files = ["one", "two"].map((name) => ({
    pidFile: join(folder.path, `${name}.pid`),
    logFile: join(folder.path, `${name}.log`),
  }));
  const companions = await Promise.all(
    files.map((file) => startCompanion(["sleep", "1000"], file, { PATH: "/usr/bin:/bin" })),
  );
  try {
    const words = ["--input-type=module", "-e", script, ...files.map((one) => JSON.stringify(one))];
    const limited = 'ulimit -n 40; exec "$@"';
    const { stdout } = await promisify(execFile)(
      "sh",
      ["-c", limited, "sh", process.execPath, ...words],
      { timeout: 30_000 },
    );
    assert.deepEqual(JSON.parse(stdout), {
      full: "EMFILE",
      failures: ["EMFILE"],
      ended: ["first"],
      alive: true,
      endedBeforeKill: [],
      endedAfterKill: ["first"],
      aliveAfterKill: false,
      otherAlive: true,
    });
    assert.equal((await companions[0]?.exited)?.signal, "SIGKILL");
  } finally {
    for (const companion of companions) await companion.kill();
  }
});

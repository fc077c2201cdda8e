import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { findCompanion, startCompanion } from "../../src/host/companion.ts";
import { isAlive } from "../../src/host/processes.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const environment = { PATH: process.env["PATH"] ?? "" };
const filesIn = (folder: string) => ({
  pidFile: join(folder, "pid"),
  logFile: join(folder, "log"),
});
const node = process.execPath;
/** Longer than a lifeline takes on a busy host, shorter than the look without one. */
const soonMs = 5_000;

async function settles(promise: Promise<unknown>, withinMs: number): Promise<boolean> {
  return Promise.race([promise.then(() => true), delay(withinMs, false, { ref: false })]);
}

/** A program that listens on `path`; with `rude` it hangs up on who connects. */
function listener(path: string, rude = false): [string, ...string[]] {
  const onConnection = rude ? "(socket) => socket.destroy()" : "() => {}";
  const code = `require("node:net").createServer(${onConnection}).listen(${JSON.stringify(path)})`;
  return [node, "-e", code];
}

async function madeFile(path: string): Promise<void> {
  while ((await stat(path).catch(() => undefined)) === undefined) await delay(10);
}

test("a companion leads a session of its own, writes to its log, and its end is told with its code", async () => {
  await using folder = await temporaryFolder();
  const files = filesIn(folder.path);
  const script = 'cut -d" " -f6 /proc/$$/stat; echo $$; echo oops >&2; exit 7';
  const companion = await startCompanion(["sh", "-c", script], files, environment);
  assert.deepEqual(await companion.exited, { code: 7, signal: undefined });
  const [session, pid, last] = (await readFile(files.logFile, "utf8")).split("\n");
  assert.equal(session, pid);
  assert.equal(last, "oops");
  for (const path of [files.logFile, files.pidFile])
    assert.equal((await stat(path)).mode & 0o077, 0, path);
});

test("a companion is found again by pid and start time, and ended through either handle", async () => {
  await using folder = await temporaryFolder();
  const files = filesIn(folder.path);
  const companion = await startCompanion(["sleep", "1000"], files, environment);
  const found = await findCompanion(files);
  assert.deepEqual(found?.identity, companion.identity);
  await found?.kill();
  assert.deepEqual(await companion.exited, { code: undefined, signal: "SIGKILL" });
  await companion.kill();
  await found?.kill();
  assert.equal(await findCompanion(files), undefined);
});

test("a process that has another's pid is not mistaken for it", async () => {
  await using folder = await temporaryFolder();
  const files = filesIn(folder.path);
  const companion = await startCompanion(["sleep", "1000"], files, environment);
  try {
    const { pid, startTime } = companion.identity;
    await writeFile(files.pidFile, `${pid} ${Number(startTime) - 1}\n`);
    assert.equal(await findCompanion(files), undefined);
    for (const text of ["", "0 1\n", "-1 1\n", `${pid}\n`, "garbage"]) {
      await writeFile(files.pidFile, text);
      assert.equal(await findCompanion(files), undefined, text);
    }
    assert.ok(await isAlive(companion.identity));
  } finally {
    await companion.kill();
  }
});

test("a pid file that can't be read is an error, not a companion that has gone", async () => {
  await using folder = await temporaryFolder();
  const files = { ...filesIn(folder.path), pidFile: folder.path };
  await assert.rejects(findCompanion(files), { code: "EISDIR" });
});

test("a program that isn't there is an error that names it", async () => {
  await using folder = await temporaryFolder();
  await assert.rejects(startCompanion(["/no/such", "x"], filesIn(folder.path), environment), {
    code: "unavailable",
    message: "cannot run /no/such",
  });
});

test("a companion whose pid file can't be written is ended", async () => {
  await using folder = await temporaryFolder();
  const files = { ...filesIn(folder.path), pidFile: join(folder.path, "none", "pid") };
  const script = `echo $$ >&2; exec sleep 1000`;
  await assert.rejects(startCompanion(["sh", "-c", script], files, environment), {
    code: "ENOENT",
  });
  const pid = (await readFile(files.logFile, "utf8")).trim();
  if (pid !== "") assert.throws(() => process.kill(Number(pid), 0), { code: "ESRCH" });
});

test("the end of one that holds a lifeline is known at once", async () => {
  await using folder = await temporaryFolder();
  const files = { ...filesIn(folder.path), lifeline: join(folder.path, "life") };
  const companion = await startCompanion(listener(files.lifeline), files, environment);
  await madeFile(files.lifeline);
  const [one, other] = [await findCompanion(files), await findCompanion(files)];
  assert(one !== undefined && other !== undefined);
  assert.equal(await settles(Promise.race([one.exited, other.exited]), 300), false);
  process.kill(companion.identity.pid, "SIGTERM");
  assert.ok(
    await settles(Promise.all([one.exited, other.exited]), soonMs),
    "both who found it know",
  );
});

test("one that lets go of its lifeline and lives is still alive, and its end is seen", async () => {
  await using folder = await temporaryFolder();
  const files = { ...filesIn(folder.path), lifeline: join(folder.path, "life") };
  const companion = await startCompanion(listener(files.lifeline, true), files, environment);
  await madeFile(files.lifeline);
  const found = await findCompanion(files);
  assert(found !== undefined);
  assert.equal(await settles(found.exited, 1_500), false);
  await companion.kill();
  assert.ok(await settles(found.exited, soonMs));
});

test("the end of one without a lifeline is seen, too", async () => {
  await using folder = await temporaryFolder();
  const files = filesIn(folder.path);
  const companion = await startCompanion(["sleep", "1000"], files, environment);
  const found = await findCompanion(files);
  assert(found !== undefined);
  await companion.kill();
  assert.ok(await settles(found.exited, soonMs));
});

import assert from "node:assert/strict";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ContainerLog, readLog, type LogLine } from "../../src/engine/runs/container-log.ts";

async function inFolder(action: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "dvm-log-"));
  try {
    await action(join(folder, "container.log"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function texts(lines: AsyncIterable<LogLine>): Promise<string[]> {
  const all: string[] = [];
  for await (const { text } of lines) all.push(text);
  return all;
}

test("lines written in pieces come back whole, the last without its line end", async () => {
  await inFolder(async (path) => {
    const log = await ContainerLog.open(path, `${path}.position`);
    for (const piece of ["a", "b\nc", "\n", "last"]) await log.write("stdout", Buffer.from(piece));
    await log.end();
    assert.deepEqual(await texts(readLog(path, {})), ["ab\n", "c\n", "last"]);
  });
});

test("a character cut in two by the stream is not damaged", async () => {
  await inFolder(async (path) => {
    const log = await ContainerLog.open(path, `${path}.position`);
    const bytes = Buffer.from("é\n");
    await log.write("stdout", bytes.subarray(0, 1));
    await log.write("stdout", bytes.subarray(1));
    await log[Symbol.asyncDispose]();
    assert.deepEqual(await texts(readLog(path, {})), ["é\n"]);
  });
});

test("tail gives the last lines of a log longer than one read", async () => {
  await inFolder(async (path) => {
    const log = await ContainerLog.open(path, `${path}.position`);
    for (let n = 0; n < 5000; n += 1) await log.write("stderr", Buffer.from(`line ${n}\n`));
    await log[Symbol.asyncDispose]();
    assert.deepEqual(await texts(readLog(path, { tail: 2 })), ["line 4998\n", "line 4999\n"]);
    assert.deepEqual(await texts(readLog(path, { tail: 0 })), []);
    assert.equal((await texts(readLog(path, { tail: 4000 }))).length, 4000);
  });
});

test("follow gives lines as they come and ends after the container", async () => {
  await inFolder(async (path) => {
    const log = await ContainerLog.open(path, `${path}.position`);
    await log.write("stdout", Buffer.from("one\n"));
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const seen: string[] = [];
    for await (const { text } of readLog(path, { follow: { ended } })) {
      seen.push(text);
      if (text !== "one\n") continue;
      await log.write("stdout", Buffer.from("two\n"));
      await log[Symbol.asyncDispose]();
      end();
    }
    assert.deepEqual(seen, ["one\n", "two\n"]);
  });
});

test("a line that a crash cut short is left out, the rest is read", async () => {
  await inFolder(async (path) => {
    const whole = JSON.stringify({ log: "ok\n", stream: "stdout", time: "2026-01-01T00:00:00Z" });
    await writeFile(path, `{"log":"cut\n${whole}\n`);
    assert.deepEqual(await texts(readLog(path, {})), ["ok\n"]);
  });
});

test("a log that another daemon takes over has no byte twice and none missing", async () => {
  await inFolder(async (path) => {
    const position = `${path}.position`;
    const first = await ContainerLog.open(path, position);
    assert.equal(await first.write("stdout", Buffer.from("one\ntwo\nthr")), 3);
    await appendFile(path, '{"log":"two\\n","stream":"stdout","time":"x"}\n'); // written, not yet counted
    await using second = await ContainerLog.open(path, position, { resume: true });
    assert.equal(second.kept("stdout"), 8);
    await second.write("stdout", Buffer.from("three\n"));
    assert.deepEqual(await texts(readLog(path, {})), ["one\n", "two\n", "three\n"]);
    await first[Symbol.asyncDispose]();
  });
});

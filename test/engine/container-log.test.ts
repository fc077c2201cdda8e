import assert from "node:assert/strict";
import { appendFile, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { ContainerLog, type LogParts } from "../../src/engine/runs/logs/container-log.ts";
import { LogFeed } from "../../src/engine/runs/logs/log-feed.ts";
import { readLog, type ReadOptions } from "../../src/engine/runs/logs/read-log.ts";

async function inFolder(action: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "dvm-log-"));
  try {
    await action(join(folder, "container.log"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const oneFile = { maximumFiles: 1, compress: false };

const openLog = (path: string, more: Partial<LogParts> = {}) =>
  ContainerLog.open({ path, positionPath: `${path}.position`, files: oneFile, ...more });

async function texts(path: string, options: Partial<ReadOptions> = {}): Promise<string[]> {
  const all: string[] = [];
  for await (const lines of readLog(path, { feed: new LogFeed(), ...options }))
    all.push(...lines.map(({ text }) => text.toString()));
  return all;
}

test("lines written in pieces come back whole, the last without its line end", async () => {
  await inFolder(async (path) => {
    const log = await openLog(path);
    for (const piece of ["a", "b\nc", "\n", "last"]) await log.write("stdout", Buffer.from(piece));
    await log.end();
    assert.deepEqual(await texts(path), ["ab\n", "c\n", "last"]);
  });
});

test("a character cut in two by the stream is not damaged", async () => {
  await inFolder(async (path) => {
    const log = await openLog(path);
    const bytes = Buffer.from("é\n");
    await log.write("stdout", bytes.subarray(0, 1));
    await log.write("stdout", bytes.subarray(1));
    await log[Symbol.asyncDispose]();
    assert.deepEqual(await texts(path), ["é\n"]);
  });
});

test("tail gives the last lines of a log longer than one read", async () => {
  await inFolder(async (path) => {
    const log = await openLog(path);
    for (let n = 0; n < 5000; n += 1) await log.write("stderr", Buffer.from(`line ${n}\n`));
    await log[Symbol.asyncDispose]();
    assert.deepEqual(await texts(path, { tail: 2 }), ["line 4998\n", "line 4999\n"]);
    assert.deepEqual(await texts(path, { tail: 0 }), []);
    assert.equal((await texts(path, { tail: 4000 })).length, 4000);
  });
});

test("follow gives lines as they come and ends after the container", async () => {
  await inFolder(async (path) => {
    const feed = new LogFeed();
    const log = await openLog(path, { feed });
    await log.write("stdout", Buffer.from("one\n"));
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const seen: string[] = [];
    for await (const lines of readLog(path, { feed, follow: { ended } })) {
      seen.push(...lines.map(({ text }) => text.toString()));
      if (seen.at(-1) !== "one\n") continue;
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
    assert.deepEqual(await texts(path), ["ok\n"]);
  });
});

test("a log that another daemon takes over has no byte twice and none missing", async () => {
  await inFolder(async (path) => {
    const first = await openLog(path);
    assert.equal(await first.write("stdout", Buffer.from("one\ntwo\nthr")), 3);
    await appendFile(path, '{"log":"two\\n","stream":"stdout","time":"x"}\n'); // written, not yet counted
    await using second = await openLog(path, { resume: true });
    assert.equal(second.kept("stdout"), 8);
    await second.write("stdout", Buffer.from("three\n"));
    assert.deepEqual(await texts(path), ["one\n", "two\n", "three\n"]);
    await first[Symbol.asyncDispose]();
  });
});

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}\n`);

for (const compress of [false, true])
  test(`a log goes on in new files, ${compress ? "packed" : "as they are"}, and the oldest goes`, async () => {
    await inFolder(async (path) => {
      const files = { maximumBytes: 1000, maximumFiles: 3, compress };
      const feed = new LogFeed();
      const log = await openLog(path, { files, feed });
      for (const line of numbered(1, 100)) await log.write("stdout", Buffer.from(line));
      await log.end();
      const names = (await readdir(dirname(path))).filter((name) =>
        name.startsWith("container.log"),
      );
      const suffix = compress ? ".gz" : "";
      assert.deepEqual(names.toSorted(), [
        ...["container.log", `container.log.1${suffix}`, `container.log.2${suffix}`],
        "container.log.position",
      ]);
      assert((await stat(path)).size <= 1100);
      const all = await texts(path, { feed });
      assert.equal(all.at(-1), "line 100\n");
      assert(all.length > 20 && all.length < 45, `${all.length} lines`);
      assert.deepEqual(all, numbered(101 - all.length, 100));
      assert.deepEqual(await texts(path, { feed, tail: 20 }), numbered(81, 100));
      assert.deepEqual(await texts(path, { feed, tail: 1000 }), all);
    });
  });

test("with one file a full one is begun anew", async () => {
  await inFolder(async (path) => {
    const log = await openLog(path, { files: { ...oneFile, maximumBytes: 500 } });
    for (const line of numbered(1, 30)) await log.write("stdout", Buffer.from(line));
    await log.end();
    const all = await texts(path);
    assert.deepEqual(all, numbered(31 - all.length, 30));
    assert(all.length < 10);
  });
});

test("who follows over new files misses nothing, as long as the files are there", async () => {
  await inFolder(async (path) => {
    const feed = new LogFeed();
    const files = { maximumBytes: 2000, maximumFiles: 50, compress: true };
    const log = await openLog(path, { files, feed });
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const following = texts(path, { feed, follow: { ended } });
    for (let line = 1; line < 1000; line += 7)
      await log.write("stdout", Buffer.from(numbered(line, line + 6).join("")));
    await log.end();
    end();
    assert.deepEqual(await following, numbered(1, 1001));
  });
});

test("a log that another daemon takes over in a new file has no byte twice and none missing", async () => {
  await inFolder(async (path) => {
    const files = { maximumBytes: 200, maximumFiles: 5, compress: false };
    const first = await openLog(path, { files });
    for (const line of numbered(1, 3)) await first.write("stdout", Buffer.from(line));
    // begun, and never counted
    await rename(path, `${path}.1`);
    await writeFile(path, '{"log":"line 9\\n","stream":"stdout","time":"x"}\n');
    const second = await openLog(path, { files, resume: true });
    assert.equal(second.kept("stdout"), 21);
    await second.write("stdout", Buffer.from("line 4\n"));
    await second.end();
    assert.deepEqual(await texts(path), numbered(1, 4));
    await first[Symbol.asyncDispose]();
  });
});

test("what JSON can't have as it is comes back byte for byte, with attributes and without", async () => {
  await inFolder(async (path) => {
    const lines = [
      'a "b" \\ c\n',
      "tab\t\u0001 é 漢 \u{1f600}\n",
      "\n",
      '{"log":"x"}\n',
      "\\n\n",
      "no end",
    ];
    const attributes = { label: 'x "y"', time: "never" };
    for (const more of [{}, { attributes }]) {
      const log = await openLog(path, more);
      for (const line of lines) await log.write("stderr", Buffer.from(line));
      await log.end();
    }
    assert.deepEqual(await texts(path), [...lines, ...lines]);
    for await (const [first, , , , , , , last] of readLog(path, { feed: new LogFeed() }))
      assert.deepEqual([first?.attributes, last?.attributes], [undefined, attributes]);
  });
});

test("who leaves while nothing is said leaves nobody waiting", async () => {
  await inFolder(async (path) => {
    const feed = new LogFeed();
    await using _log = await openLog(path, { feed });
    const stop = new AbortController();
    const following = texts(path, {
      ...{ feed, signal: stop.signal },
      follow: { ended: new Promise(() => {}) },
    });
    stop.abort();
    assert.deepEqual(await following, []);
  });
});

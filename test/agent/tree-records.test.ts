import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { test } from "node:test";
import { recordKind, treeTypes } from "../../src/agent/protocol.ts";
import { readTreeChanges, readTreeEntries } from "../../src/agent/tree-reader.ts";
import { treeRecords, type NewFile } from "../../src/agent/tree-writer.ts";
import { MessageWriter } from "../../src/agent/wire.ts";
import { DvmError } from "../../src/base/errors.ts";

const plain: NewFile = {
  path: "folder/name",
  type: "file",
  mode: 0o644,
  uid: 1,
  gid: 2,
  sizeBytes: 5,
  mtimeSeconds: -3,
  mtimeNanoseconds: 999_999_999,
  linkTarget: "",
  deviceMajor: 0,
  deviceMinor: 0,
  xattrs: new Map([["user.x", Buffer.from([0, 255])]]),
  content: async function* () {
    yield Buffer.from("hello");
  },
};

async function* from<T>(...items: T[]): AsyncGenerator<T> {
  yield* items;
}

function record(kind: number, body: Buffer = Buffer.alloc(0)): Buffer {
  return new MessageWriter().bytes(Buffer.concat([Buffer.from([kind]), body])).finish();
}

/** The records of one file, of which something is a lie. */
async function lie(change: Partial<NewFile>): Promise<Buffer> {
  const file = { ...plain, ...change };
  const records: Buffer[] = [];
  for await (const piece of treeRecords(from(file))) records.push(piece);
  return Buffer.concat(records);
}

async function read(...pieces: Buffer[]): Promise<{ path: string; content: Buffer }[]> {
  const found: { path: string; content: Buffer }[] = [];
  for await (const entry of readTreeEntries(from(...pieces))) {
    const content: Buffer[] = [];
    for await (const piece of entry.content()) content.push(piece);
    found.push({ path: entry.path, content: Buffer.concat(content) });
  }
  return found;
}

const isDamaged = (error: unknown) => error instanceof DvmError && error.code === "damaged";

test("what the host writes as records, its reader reads, however it is cut", async () => {
  const bytes = await lie({});
  for (let round = 0; round < 20; round += 1) {
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length;) {
      pieces.push(bytes.subarray(at, (at += randomInt(1, 40))));
    }
    assert.deepEqual(await read(...pieces), [
      { path: "folder/name", content: Buffer.from("hello") },
    ]);
  }
});

test("attributes come through as they are: times before 1970, binary values, names that are no text", async () => {
  const bytes = await lie({
    path: "a/\xff\xfe",
    type: "symlink",
    sizeBytes: 0,
    linkTarget: "\xe9",
    content: () => from(),
  });
  for await (const { content: _, fileId: __, ...entry } of readTreeEntries(from(bytes))) {
    const { content: ___, ...expected } = {
      ...plain,
      type: "symlink",
      path: "a/\xff\xfe",
      sizeBytes: 0,
      linkTarget: "\xe9",
    };
    assert.deepEqual(entry, expected);
  }
});

test("a guest that names a path that leads out is refused", async () => {
  for (const path of [
    "/etc/passwd",
    "..",
    "a/../../b",
    "a//b",
    "./a",
    "a/.",
    "a/",
    "x".repeat(4097),
  ])
    await assert.rejects(async () => read(await lie({ path })), isDamaged, path);
});

test("a guest that lies about a size is refused", async () => {
  const content = () => from(Buffer.from("hello"));
  for (const change of [
    { sizeBytes: 4, content },
    { sizeBytes: 6, content },
    { sizeBytes: 0, content },
    { sizeBytes: 2 ** 40 + 1, content },
    { sizeBytes: 2 ** 62, content },
    { type: "dir" as const, sizeBytes: 5, content },
  ])
    await assert.rejects(async () => read(await lie(change)), isDamaged, JSON.stringify(change));
});

test("a guest whose records are too long, of no kind, or have no end is refused", async () => {
  const tooLong = Buffer.alloc(4);
  tooLong.writeUInt32LE(131_073);
  const whole = await lie({});
  for (const [what, bytes] of Object.entries({
    tooLong,
    empty: Buffer.alloc(4),
    noKind: record(99),
    endsEarly: whole.subarray(0, -9),
    moreAfterTheEnd: Buffer.concat([whole, Buffer.from([1])]),
    noType: await lie({ type: treeTypes[0] as never }),
    contentFirst: record(recordKind.content, Buffer.from("x")),
    changeAmongFiles: record(recordKind.change, Buffer.from([0])),
  }))
    await assert.rejects(() => read(bytes), isDamaged, what);
});

test(
  "a stream of files that has no end is broken off, and takes no memory",
  { timeout: 60_000 },
  async () => {
    const one = (await lie({ sizeBytes: 0, xattrs: new Map(), content: () => from() })).subarray(
      0,
      -5,
    );
    const many = Buffer.concat(Array.from({ length: 1000 }, () => one));
    let sent = 0;
    async function* endless(): AsyncGenerator<Buffer> {
      for (; ; sent += 1000) yield many;
    }
    await assert.rejects(async () => {
      for await (const _entry of readTreeEntries(endless()));
    }, isDamaged);
    assert(sent <= 1_001_000, `${sent} were taken`);
  },
);

test("what a guest says has failed is told in its words", async () => {
  const failed = record(
    recordKind.failed,
    Buffer.concat([Buffer.from([2, 0]), new MessageWriter().text("no such file").finish()]),
  );
  await assert.rejects(() => read(failed), { code: "not-found", message: "no such file" });
});

test("whatever a guest sends as files or changes, it is taken, or refused as damaged", async () => {
  const end = Date.now() + 4_000;
  const legal = await lie({});
  let refused = 0;
  while (Date.now() < end) {
    const bytes = Buffer.concat([legal.subarray(0, -5), legal]);
    for (let change = randomInt(1, 6); change > 0; change -= 1)
      randomBytes(randomInt(1, 4)).copy(bytes, randomInt(bytes.length));
    for (const reader of [readTreeEntries, readTreeChanges]) {
      try {
        for await (const _one of reader(from(bytes)));
      } catch (error) {
        assert(error instanceof DvmError, String(error));
        refused += 1;
      }
    }
  }
  assert(refused > 100, `${refused} refused`);
});

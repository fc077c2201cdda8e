import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { ByteSource } from "../../src/base/byte-source.ts";
import { readTar, type TarHead } from "../../src/base/tar/tar-reader.ts";
import { fileEnd, tarEnd, tarHeader } from "../../src/base/tar/tar-writer.ts";
import { streamOf } from "../support/tar.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const plain: TarHead = {
  path: "plain",
  type: "file",
  mode: 0o4755,
  uid: 1000,
  gid: 7,
  sizeBytes: 0,
  mtimeSeconds: 1_600_000_000,
  mtimeNanoseconds: 0,
  linkTarget: "",
  deviceMajor: 0,
  deviceMinor: 0,
  xattrs: new Map(),
};
const capability = Buffer.from("0100000200200000000000000000000000ff80fe", "hex");

const named = { ...plain, path: `${"long/".repeat(60)}name`, mtimeNanoseconds: 123_456_789 };
const capable: TarHead = {
  ...plain,
  path: "not-text-\xff\xfe",
  xattrs: new Map([["security.capability", capability]]),
};
const heads: TarHead[] = [
  plain,
  { ...plain, path: "folder/", type: "dir", mode: 0o1777, uid: 4_000_000_000, gid: 2_097_152 },
  named,
  { ...plain, path: "x".repeat(255) },
  { ...plain, path: `${"p".repeat(155)}/${"n".repeat(100)}` },
  capable,
  { ...plain, path: "soft", type: "symlink", linkTarget: "t".repeat(3000) },
  { ...plain, path: "hard", type: "hardlink", linkTarget: "plain" },
  { ...plain, path: "char", type: "char", deviceMajor: 4095, deviceMinor: 1_048_575 },
  { ...plain, path: "fifo", type: "fifo" },
  { ...plain, path: "binary-attribute", xattrs: new Map([["user.b", Buffer.from([0, 10, 61])]]) },
  { ...plain, path: "big-attribute", xattrs: new Map([["user.big", Buffer.alloc(60_000, 0xff)]]) },
];

test("what the writer writes, the reader reads, byte for byte", async () => {
  const tar = Buffer.concat([...heads.map(tarHeader), tarEnd()]);
  const found: TarHead[] = [];
  for await (const { body: _, ...head } of readTar(new ByteSource(streamOf(tar)))) found.push(head);
  assert.deepEqual(found, heads);
});

test("a length that its own digits make longer is counted right", async () => {
  for (let length = 80; length < 100; length += 1) {
    const head = { ...plain, path: "x".repeat(101 + length) };
    const tar = Buffer.concat([tarHeader(head), tarEnd()]);
    for await (const { path } of readTar(new ByteSource(streamOf(tar))))
      assert.equal(path, head.path);
  }
});

test("GNU tar and Python list what the writer writes", async () => {
  await using work = await temporaryFolder();
  const file = join(work.path, "made.tar");
  const content = Buffer.from("content");
  const tar = [
    tarHeader({ ...named, sizeBytes: content.length }),
    content,
    fileEnd(content.length),
    tarHeader(capable),
    tarEnd(),
  ];
  await writeFile(file, Buffer.concat(tar));
  const run = promisify(execFile);
  const listed = await run("tar", ["--full-time", "--utc", "-tvf", file]);
  assert.match(
    listed.stdout,
    /-rwsr-xr-x 1000\/7 +7 2020-09-13 12:26:40\.123456789 (long\/){60}name/,
  );
  const script = `import tarfile,sys
for m in tarfile.open(sys.argv[1], errors="surrogateescape", encoding="utf-8"): print(m.pax_headers.get("SCHILY.xattr.security.capability", "").encode("utf-8", "surrogateescape").hex())`;
  const { stdout } = await run("python3", ["-c", script, file]);
  assert.equal(stdout.trim(), capability.toString("hex"));
});

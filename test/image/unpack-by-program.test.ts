import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { buffer } from "node:stream/consumers";
import { compressionOf, decompress } from "../../src/image/layer/decompress.ts";
import { unpackedBy } from "../../src/image/layer/unpack-by-program.ts";

const pack = (program: "xz" | "bzip2", bytes: Buffer, ...more: string[]) =>
  execFileSync(program, ["-c", ...more], { input: bytes, maxBuffer: 2 ** 27 });
const content = Buffer.concat([randomBytes(300_000), Buffer.alloc(5_000_000), Buffer.from("end")]);

async function* inPieces(bytes: Buffer, length = 10_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

const unpacked = (bytes: Buffer) => buffer(decompress(compressionOf(bytes), inPieces(bytes)));
const damaged = (why: RegExp) => ({ code: "damaged", message: why });

for (const program of ["xz", "bzip2"] as const) {
  test(`${program} is known by its first bytes and unpacked, all streams of it`, async () => {
    const half = content.length / 2;
    const parts = [content.subarray(0, half), content.subarray(half)];
    const packed = Buffer.concat(parts.map((part) => pack(program, part)));
    assert.equal(compressionOf(packed), program);
    assert.ok((await unpacked(packed)).equals(content));
    assert.equal((await unpacked(pack(program, Buffer.alloc(0)))).length, 0);
  });

  test(`${program} that is cut, changed, or followed by something else is damaged`, async () => {
    const packed = pack(program, content);
    const changed = Buffer.from(packed);
    changed[1000] = 255 - (changed[1000] ?? 0);
    for (const bytes of [
      packed.subarray(0, packed.length - 20),
      changed,
      Buffer.concat([packed, Buffer.from("something else")]),
    ])
      await assert.rejects(unpacked(bytes), damaged(/compressed data is damaged/));
  });

  test(`${program} of which only the beginning is read leaves no process behind`, async () => {
    const packed = pack(program, Buffer.alloc(2 ** 26));
    let read = 0;
    for await (const piece of decompress(program, inPieces(packed))) {
      read += piece.length;
      if (read > 100_000) break;
    }
    assert.ok(read < 2 ** 22);
    assert.doesNotMatch(
      String(execFileSync("ps", ["-o", "comm=", "--ppid", `${process.pid}`])),
      new RegExp(`^${program}`, "m"),
    );
  });

  test(`an error of where ${program} comes from is told as it is`, async () => {
    const packed = pack(program, content);
    async function* breaksOff(): AsyncGenerator<Buffer> {
      yield packed.subarray(0, 1000);
      throw new Error("the other side hung up");
    }
    await assert.rejects(buffer(decompress(program, breaksOff())), /the other side hung up/);
  });
}

test("xz that wants more memory than an image should is refused", async () => {
  const packed = pack("xz", Buffer.from("small"), "--lzma2=dict=512MiB");
  await assert.rejects(unpacked(packed), damaged(/[Mm]emory usage limit/));
});

test("a program that isn't installed is named, and its package", async () => {
  const absent = { program: "xz-absent", arguments: [], packageName: "xz-utils" };
  await assert.rejects(buffer(unpackedBy(absent, inPieces(content))), {
    code: "unavailable",
    message: "cannot read the archive: it is compressed with xz-absent, which is not installed",
    hint: "apt-get install xz-utils",
  });
});

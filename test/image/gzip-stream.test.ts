import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { gzipStream } from "../../src/image/layer/gzip-stream.ts";

async function* inPieces(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test("what is packed comes out as it was, whatever its length and pieces, and packs the same again", async () => {
  const text = Buffer.from("some text, and again ".repeat(80_000));
  const noise = randomBytes(700_001);
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from("x"),
    text,
    noise,
    Buffer.concat([noise, text]),
  ])
    for (const size of [1000, 262_144, 1_000_000]) {
      const packed = await buffer(gzipStream(inPieces(bytes, size)));
      assert(gunzipSync(packed).equals(bytes), `${bytes.length} bytes by ${size}`);
    }
  const first = await buffer(gzipStream(inPieces(text, 1000)));
  assert(first.length < text.length / 50);
  assert(first.equals(await buffer(gzipStream(inPieces(text, 1000)))));
});

test("an error of the source is passed on, and who stops reading stops it", async () => {
  async function* failing() {
    yield Buffer.alloc(1_000_000);
    throw new Error("gone");
  }
  await assert.rejects(buffer(gzipStream(failing())), { message: "gone" });
  for await (const piece of gzipStream(inPieces(randomBytes(5_000_000), 1000)))
    if (piece.length > 100) break;
});

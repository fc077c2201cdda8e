import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf } from "../../../src/image/digest.ts";
import { coveringDigests } from "../../../src/image/trust/covering-digests.ts";

const id = digestOf("the configuration");

function document(content: object) {
  const body = Buffer.from(JSON.stringify({ schemaVersion: 2, ...content }));
  return { digest: digestOf(body), mediaType: "", body };
}
const image = (config: string) => document({ config: { digest: config, size: 1 }, layers: [] });
const index = (...digests: string[]) =>
  document({ manifests: digests.map((digest) => ({ digest, size: 1 })) });

test("what stands for an image is what leads to its configuration, and nothing else", () => {
  const own = image(id);
  const foreign = image(digestOf("another configuration"));
  const inner = index(foreign.digest, own.digest);
  const outer = index(inner.digest);
  const beside = index(foreign.digest);
  const all = [outer, beside, foreign, inner, own];
  assert.deepEqual(coveringDigests(id, all), [own.digest, inner.digest, outer.digest]);
});

test("a document that isn't what its digest says stands for nothing", () => {
  const own = image(id);
  assert.deepEqual(coveringDigests(id, [{ ...own, digest: digestOf("x") }]), []);
  assert.deepEqual(
    coveringDigests(id, [{ ...own, body: Buffer.concat([own.body, own.body]) }]),
    [],
  );
});

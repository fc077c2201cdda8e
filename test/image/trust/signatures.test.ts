import assert from "node:assert/strict";
import { test } from "node:test";
import { DvmError } from "../../../src/base/errors.ts";
import { digestOf } from "../../../src/image/digest.ts";
import { parseReference } from "../../../src/image/reference.ts";
import { checkPull, rulePull } from "../../../src/image/trust/check-pull.ts";
import { parseTrustPolicy } from "../../../src/image/trust/policy.ts";
import { bundle, signingKey, simpleSigning, type Claim } from "../../support/cosign.ts";
import { memoryArtifacts, type Artifacts } from "../../support/memory-artifacts.ts";

const repository = "registry.example/team/app";
const digest = digestOf("the index");
const inner = digestOf("the manifest");
const other = digestOf("another image");
const signer = signingKey();
const stranger = signingKey();
const good: Claim = { digest, repository };

interface Pull {
  reference?: string;
  digests?: string[];
  signature?: object;
}

/** The line of a pull that is let through. */
async function pulls(artifacts: Artifacts, options: Pull = {}): Promise<string> {
  const requireSignature = { keys: [signer.publicPem], ...options.signature };
  const text = JSON.stringify({ default: {}, rules: { "registry.example": { requireSignature } } });
  const policy = await parseTrustPolicy(text, "/policy.json");
  const pull = rulePull(policy, parseReference(options.reference ?? `${repository}:1`));
  const manifests = (options.digests ?? [digest]).map((one) => ({ digest: one }));
  return (await checkPull(pull, manifests, memoryArtifacts(artifacts))).line;
}

/** With the last one's content under the first one's tag. */
function under(tagged: string, { manifests, blobs }: Artifacts): Artifacts {
  const [manifest = ""] = Object.values(manifests);
  return { manifests: { [`${tagged.replace(":", "-")}.sig`]: manifest }, blobs };
}

test("a signature in either form lets an image through", async () => {
  assert.match(await pulls(simpleSigning(signer, good)), /^Trust: signed by sha256:[0-9a-f]{64};/);
  assert.match(await pulls(bundle(signer, good)), /^Trust: signed by /);
});

test("a bundle is found by the referrers API, too", async () => {
  const { manifests, blobs } = bundle(signer, good);
  const tag = digest.replace(":", "-");
  const { [tag]: index = "", ...rest } = manifests;
  await pulls({ manifests: rest, blobs, referrers: { [digest]: index } });
});

test("every kind of key that cosign takes can be required", async () => {
  for (const kind of ["p256", "p384", "rsa", "ed25519"] as const) {
    const key = signingKey(kind);
    const signature = { keys: [stranger.publicPem, key.publicPem] };
    await pulls(simpleSigning(key, good), { signature });
    await pulls(bundle(key, good), { signature });
  }
});

test("an unsigned image is refused, and the words say what is asked", async () => {
  await assert.rejects(pulls({ manifests: {}, blobs: {} }), {
    code: "forbidden",
    message:
      "cannot pull registry.example/team/app:1: policy /policy.json requires a signature by its key for registry.example/team/app, and none was found",
    hint: /cosign sign --key/,
  });
});

test("another key, another image, another repository, another kind of document are refused", async () => {
  const cases: [Artifacts, RegExp][] = [
    [simpleSigning(stranger, good), /it is by another key/],
    [bundle(stranger, good), /it is by another key/],
    [under(digest, simpleSigning(signer, { ...good, digest: other })), /it is for another image/],
    [
      simpleSigning(signer, { digest, repository: "registry.example/team/other" }),
      /it is for another repository \(registry\.example\/team\/other\)/,
    ],
    [simpleSigning(signer, { digest, repository: "" }), /it is for another repository/],
    [
      simpleSigning(signer, { ...good, type: "atomic container signature" }),
      /it is over no image signature/,
    ],
    [
      bundle(signer, { digest, type: "https://slsa.dev/provenance/v1" }),
      /it is over no image signature/,
    ],
  ];
  for (const [artifacts, reason] of cases)
    await assert.rejects(pulls(artifacts), (error) => {
      assert(error instanceof DvmError);
      assert.equal(error.code, "forbidden");
      assert.match(error.message, reason);
      return true;
    });
});

test("a changed payload or signature is refused by its mathematics, not only by its digest", async () => {
  const { manifests, blobs } = simpleSigning(signer, good);
  const [payload = ""] = Object.values(blobs).filter((text) => text.includes("critical"));
  const changed = payload.replace('"optional":null', '"optional":{ }');
  const [[tag, manifest] = ["", ""]] = Object.entries(manifests);
  const forged = manifest
    .replace(digestOf(payload), digestOf(changed))
    .replace(/"size":\d+(?=,"digest":"[^"]*","annotations")/, `"size":${changed.length}`);
  await assert.rejects(
    pulls({ manifests: { [tag]: forged }, blobs: { [digestOf(changed)]: changed } }),
    /it is by another key/,
  );
});

test("a good signature among bad ones is enough", async () => {
  const bad = simpleSigning(stranger, good);
  const { manifests, blobs } = bundle(signer, good);
  await pulls({
    manifests: { ...bad.manifests, ...manifests },
    blobs: { ...bad.blobs, ...blobs },
  });
});

test("a signature by each key of the rule is kept", async () => {
  const second = signingKey("ed25519");
  const [one, two] = [simpleSigning(second, good), bundle(signer, good)];
  const line = await pulls(
    {
      manifests: { ...one.manifests, ...two.manifests },
      blobs: { ...one.blobs, ...two.blobs },
    },
    { signature: { keys: [signer.publicPem, second.publicPem] } },
  );
  assert.match(line, /signed by sha256:[0-9a-f]{64} and sha256:[0-9a-f]{64}; .* one of 2 keys/);
});

test("of an image with an index, the index or the image's own manifest may be signed", async () => {
  const digests = [digest, inner];
  await pulls(simpleSigning(signer, good), { digests });
  await pulls(simpleSigning(signer, { repository, digest: inner }), { digests });
  await assert.rejects(
    pulls(simpleSigning(signer, { repository, digest: other }), { digests }),
    /none was found/,
  );
});

test("signedFor lets signatures through that name other repositories, and no others", async () => {
  const moved = simpleSigning(signer, { digest, repository: "origin.example/team/app" });
  await pulls(moved, { signature: { signedFor: ["origin.example/team"] } });
  await assert.rejects(
    pulls(moved, { signature: { signedFor: ["origin.example/te"] } }),
    /it is for another repository/,
  );
  await assert.rejects(
    pulls(bundle(signer, good), { signature: { signedFor: ["registry.example"] } }),
    /it names no repository/,
  );
});

test("a name of the same registry in other letters, or with its port, has the same rule", async () => {
  for (const registry of ["REGISTRY.example", "registry.example:443"])
    await assert.rejects(
      pulls({ manifests: {}, blobs: {} }, { reference: `${registry}/team/app:1` }),
      /none was found/,
      registry,
    );
});

test("what is too large, too many or no signature at all is passed over and told of", async () => {
  const { manifests, blobs } = simpleSigning(signer, good);
  const [[tag, manifest] = ["", ""]] = Object.entries(manifests);
  const change = (text: string) => ({ manifests: { [tag]: text }, blobs });
  const large = manifest.replace(/"size":\d+(?=,"digest":"[^"]*","annotations")/, '"size":65537');
  await assert.rejects(pulls(change(large)), /it has 65537 bytes, 65536 are allowed/);
  const empty = manifest.replace(/cosign\/signature":"[^"]*"/, 'cosign/signature":"!"');
  await assert.rejects(pulls(change(empty)), /its annotation holds no signature/);
  for (const text of ["", "[]", "{", '{"layers":{}}', '{"layers":[{"digest":"../x"}]}'])
    await assert.rejects(pulls(change(text)), /none was found/, text);
  const many = simpleSigning(stranger, ...Array.from({ length: 100 }, () => good));
  await assert.rejects(pulls(many), /there are more than 64/);
});

test("a registry that fails is an error of its own, and not taken for one without signatures", async () => {
  const source = memoryArtifacts(simpleSigning(signer, good));
  const policy = await parseTrustPolicy(
    JSON.stringify({ default: { requireSignature: { keys: [signer.publicPem] } } }),
    "/policy.json",
  );
  const pull = rulePull(policy, parseReference(repository));
  const blob = () => Promise.reject(new DvmError("unavailable", "cut"));
  await assert.rejects(checkPull(pull, [{ digest }], { ...source, blob }), { code: "unavailable" });
});

test("what is rejected, or named without its digest, is refused before the registry is asked", async () => {
  const rules = { "registry.example": { requireDigest: true }, "other.example": { reject: true } };
  const policy = await parseTrustPolicy(JSON.stringify({ default: {}, rules }), "/policy.json");
  assert.throws(() => rulePull(policy, parseReference("registry.example/app:1")), {
    code: "forbidden",
    message:
      "cannot pull registry.example/app:1: policy /policy.json requires a digest for registry.example/app, and none is named",
  });
  assert.throws(() => rulePull(policy, parseReference(`other.example/app@${digest}`)), {
    code: "forbidden",
    message: `cannot pull other.example/app@${digest}: policy /policy.json rejects other.example/app`,
  });
  rulePull(policy, parseReference(`registry.example/app:1@${digest}`));
});

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { digestOf } from "../../../src/image/digest.ts";
import type { StoredManifest } from "../../../src/image/store/image-database.ts";
import { ImageStore } from "../../../src/image/store/image-store.ts";
import type { Image } from "../../../src/image/store/image-types.ts";
import type { Signature } from "../../../src/image/trust/check-signature.ts";
import { findSignatures } from "../../../src/image/trust/find-signatures.ts";
import { describeRefusal, judgeImage } from "../../../src/image/trust/judge-image.ts";
import { parseTrustPolicy } from "../../../src/image/trust/policy.ts";
import { bundle, signingKey, simpleSigning } from "../../support/cosign.ts";
import { memoryArtifacts, type Artifacts } from "../../support/memory-artifacts.ts";
import { dockerArchive, makeTar, streamOf } from "../../support/tar.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const signer = signingKey();
const successor = signingKey();
const secure = "secure.example/team/app";
const strict = { requireSignature: { keys: [signer.publicPem] } };
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let store: ImageStore;

before(async () => {
  folder = await temporaryFolder();
  store = await ImageStore.open(folder.path);
});
after(async () => {
  await store[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** An image of one file, loaded from an archive under a name. */
async function load(name: string): Promise<Image> {
  const archive = makeTar(dockerArchive([makeTar([{ path: name.replace(/\W/g, "-") }])], { name }));
  await store.load(streamOf(archive));
  return store.find(name);
}

/** Stores what a pull would: where the image came from, and the signatures that were found. */
async function arrive(
  image: Image,
  reference: string,
  sign?: (digest: string) => Artifacts,
  index = indexOf(image),
) {
  const manifest = manifestFor(image);
  const repository = reference.replace(/:[^:/]*$/, "");
  const artifacts = memoryArtifacts(sign?.(index.digest) ?? { manifests: {}, blobs: {} });
  const signatures: Signature[] = [];
  for await (const found of findSignatures(artifacts, index.digest))
    if (!("problem" in found)) signatures.push(found);
  await store.withWork(async (work) => {
    const layers = image.layers.map((diffId) => (work.hold(diffId), { diffId }));
    const origin = {
      ...{ repository, digests: [index.digest], manifests: [index, manifest] },
      ...{ blobs: [], signatures },
    };
    const { configText: config } = image;
    await store.add([{ config, layers, references: [reference], origin }], work);
  });
  return index.digest;
}

function manifestFor({ id }: Image): StoredManifest {
  return manifestOf({ config: { digest: id, size: 1 }, layers: [] });
}

function indexOf(...images: Image[]): StoredManifest {
  const manifests = images.map((image) => ({ digest: manifestFor(image).digest, size: 1 }));
  return manifestOf({ manifests });
}

function manifestOf(content: object): StoredManifest {
  const body = Buffer.from(JSON.stringify({ schemaVersion: 2, ...content }));
  return { digest: digestOf(body), mediaType: "", body };
}

/** Why a container of `asked` is refused; undefined when it isn't. */
async function refusal(policy: object, asked: string): Promise<string | undefined> {
  const parsed = await parseTrustPolicy(JSON.stringify(policy), "/policy.json");
  const verdict = judgeImage(store.database, parsed, { image: store.find(asked), asked });
  return verdict.refusal && describeRefusal("/policy.json", verdict.refusal);
}

const onlySecure = { default: {}, rules: { "secure.example": strict } };

test("an image that was pulled with a signature may be used, by name, other tag and id", async () => {
  const image = await load("base:1");
  const digest = await arrive(image, `${secure}:1`, (one) =>
    simpleSigning(signer, { digest: one, repository: secure }),
  );
  store.tag(`${secure}:1`, `${secure}:2`);
  for (const asked of [`${secure}:1`, `${secure}:2`, `${secure}@${digest}`, image.id, "base:1"])
    assert.equal(await refusal(onlySecure, asked), undefined, asked);
});

test("a key that was taken out of the policy stops new containers, and one that is there again lets them", async () => {
  const image = await load("key:1");
  await arrive(image, `${secure}/key:1`, (digest) => bundle(signer, { digest }));
  const withKey = (pem: string) => ({ default: { requireSignature: { keys: [pem] } } });
  assert.equal(
    await refusal(withKey(successor.publicPem), `${secure}/key:1`),
    `policy /policy.json requires a signature by its key for ${secure}/key, and the image was pulled with none that fits`,
  );
  assert.equal(await refusal(withKey(signer.publicPem), `${secure}/key:1`), undefined);
});

test("two platforms' images that one signed index brought may both be used", async () => {
  const images = [await load("platform:1"), await load("platform:2")];
  const index = indexOf(...images);
  for (const [number, image] of images.entries())
    await arrive(image, `${secure}/many:${number}`, (digest) => bundle(signer, { digest }), index);
  for (const number of images.keys())
    assert.equal(await refusal(onlySecure, `${secure}/many:${number}`), undefined);
});

test("an archive that is loaded under a repository's name doesn't come from there", async () => {
  await load(`${secure}/loaded:1`);
  assert.match(
    (await refusal(onlySecure, `${secure}/loaded:1`)) ?? "",
    /and this image didn't come from there$/,
  );
});

test("an image that was tagged with a signed repository's name is not signed", async () => {
  await load("evil:1");
  store.tag("evil:1", `${secure}:evil`);
  assert.match((await refusal(onlySecure, `${secure}:evil`)) ?? "", /didn't come from there$/);
  assert.equal(await refusal(onlySecure, "evil:1"), undefined);
});

test("another name, the id, or the loss of its name don't free an image from its origin's rule", async () => {
  const image = await load("first:1");
  await store.remove("first:1", { force: false, users: () => ({}) });
  const again = await load("carrier:1");
  await arrive(again, `${secure}/unsigned:1`);
  store.tag(`${secure}/unsigned:1`, "innocent:1");
  await store.remove("carrier:1", { force: false, users: () => ({}) });
  assert.notEqual(image.id, again.id);
  for (const asked of ["innocent:1", again.id, again.id.slice(7, 19), `${secure}/unsigned:1`])
    assert.match((await refusal(onlySecure, asked)) ?? "", /the image was pulled with none/, asked);
  await store.remove(`${secure}/unsigned:1`, { force: false, users: () => ({}) });
  assert.match((await refusal(onlySecure, "innocent:1")) ?? "", /was pulled with none/);
});

test("a signature that belongs to another image or another repository is worth nothing", async () => {
  const image = await load("mixed:1");
  const foreign = digestOf("another");
  await arrive(image, `${secure}/mixed:1`, (digest) => {
    const { manifests, blobs } = simpleSigning(signer, { digest: foreign, repository: secure });
    return {
      manifests: { [`${digest.replace(":", "-")}.sig`]: Object.values(manifests)[0] ?? "" },
      blobs,
    };
  });
  assert.match((await refusal(onlySecure, `${secure}/mixed:1`)) ?? "", /none that fits$/);
  const second = await load("mixed:2");
  await arrive(second, `${secure}/other:1`, (digest) =>
    simpleSigning(signer, { digest, repository: secure }),
  );
  assert.match((await refusal(onlySecure, `${secure}/other:1`)) ?? "", /none that fits$/);
});

test("an image that also came from where nothing is asked may be used by that name and by id", async () => {
  const image = await load("public:1");
  await arrive(image, `${secure}/public:1`);
  await arrive(image, "open.example/public:1");
  assert.equal(await refusal(onlySecure, "open.example/public:1"), undefined);
  assert.equal(await refusal(onlySecure, image.id), undefined);
  assert.match((await refusal(onlySecure, `${secure}/public:1`)) ?? "", /was pulled with none/);
});

test("where a digest is required, a tag and a short id are refused, a digest and the whole id taken", async () => {
  const image = await load("pinned:1");
  const digest = await arrive(image, "pin.example/app:1");
  store.tag("pin.example/app:1", "alias:1");
  const policy = { default: {}, rules: { "pin.example": { requireDigest: true } } };
  for (const asked of [
    "pin.example/app:1",
    "alias:1",
    image.id.slice(0, 30),
    image.id.slice(7, 19),
  ])
    assert.equal(
      await refusal(policy, asked),
      "policy /policy.json requires a digest for pin.example/app, and none is named",
      asked,
    );
  for (const asked of [`pin.example/app@${digest}`, image.id, image.id.slice(7)])
    assert.equal(await refusal(policy, asked), undefined, asked);
});

test("what came from no registry has the rule of `local`, else the default", async () => {
  await load("made-here:1");
  const reject = { reject: true };
  assert.equal(
    await refusal({ default: reject }, "made-here:1"),
    "policy /policy.json rejects made-here",
  );
  const mine = { "docker.io/library/made-here": {} };
  assert.equal(
    await refusal({ default: reject, rules: mine }, "made-here:1"),
    "policy /policy.json rejects images that came from no registry",
  );
  assert.equal(
    await refusal({ default: reject, local: {}, rules: mine }, "made-here:1"),
    undefined,
  );
  assert.match(
    (await refusal({ default: {}, local: strict }, "made-here:1")) ?? "",
    /requires a signature by its key for images that came from no registry$/,
  );
});

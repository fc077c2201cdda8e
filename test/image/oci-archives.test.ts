import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { ImageStore } from "../../src/image/store/image-store.ts";
import { type MadeDescriptor, OciArchive } from "../support/oci-archive.ts";
import { makeTar, streamOf } from "../support/tar.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/* OCI layouts as buildx, cosign, ORAS, skopeo and others write them. */

const layer = makeTar([{ path: "app", content: "for amd64" }]);
const armLayer = makeTar([{ path: "app", content: "for arm64" }]);
const amd64 = { platform: { os: "linux", architecture: "amd64" } };
const arm64 = { platform: { os: "linux", architecture: "arm64" } };
const named = (name: string) => ({ annotations: { "io.containerd.image.name": name } });
const empty = { mediaType: "application/vnd.oci.empty.v1+json" };

/** As BuildKit writes one: an image's configuration, and layers of in-toto. */
function attestation(archive: OciArchive, more: Record<string, unknown>): MadeDescriptor {
  const statement = archive.blob(
    { predicateType: "x" },
    { mediaType: "application/vnd.in-toto+json" },
  );
  const rootfs = { type: "layers", diff_ids: [statement.digest] };
  const config = archive.blob(
    { architecture: "unknown", os: "unknown", config: {}, rootfs },
    { mediaType: "application/vnd.oci.image.config.v1+json" },
  );
  return archive.manifest({ config, layers: [statement] }, more);
}

const unknownPlatform = { platform: { os: "unknown", architecture: "unknown" } };
const reference = { annotations: { "vnd.docker.reference.type": "attestation-manifest" } };

/** As cosign 2 writes one: an image's configuration, and a layer that is a signature's payload. */
function signature(archive: OciArchive): MadeDescriptor {
  const mediaType = "application/vnd.dev.cosign.simplesigning.v1+json";
  const payload = archive.blob({ critical: {} }, { mediaType });
  const rootfs = { type: "layers", diff_ids: [payload.digest] };
  const config = archive.blob(
    { architecture: "", os: "", config: {}, rootfs },
    { mediaType: "application/vnd.oci.image.config.v1+json" },
  );
  const annotations = { kind: "dev.cosignproject.cosign/sigs" };
  return archive.manifest({ config, layers: [payload] }, { annotations });
}

/** As ORAS and cosign 3 write one. */
function artifact(archive: OciArchive, more: Record<string, unknown> = {}): MadeDescriptor {
  const config = archive.blob({}, empty);
  const layers = [archive.blob({ some: "thing" }, { mediaType: "application/json" })];
  return archive.manifest({ artifactType: "application/vnd.example", config, layers }, more);
}

async function load(archive: OciArchive, top: readonly MadeDescriptor[]) {
  await using folder = await temporaryFolder();
  await using store = await ImageStore.open(folder.path);
  const loaded = await store.load(streamOf(archive.tar(top)));
  return loaded.map(({ id, references }) => {
    const { architecture, layers } = store.find(id);
    return { architecture, layers: layers.length, references };
  });
}

const app = (...references: string[]) => [{ architecture: "amd64", layers: 1, references }];

suite("artifacts beside an image are passed over", () => {
  const beside: Record<string, (archive: OciArchive) => MadeDescriptor> = {
    "BuildKit's attestation, by its platform": (archive) => attestation(archive, unknownPlatform),
    "BuildKit's attestation, by its annotation": (archive) => attestation(archive, reference),
    "BuildKit's attestation, by what is in it": (archive) => attestation(archive, {}),
    "cosign's signature": signature,
    "an artifact, by its manifest": (archive) => artifact(archive),
    "an artifact, by its descriptor": (archive) =>
      archive.manifest({}, { artifactType: "application/vnd.example" }),
    "an artifact by its configuration's type alone": (archive) =>
      archive.manifest({
        config: archive.blob({}, { mediaType: "application/vnd.helm" }),
        layers: null,
      }),
    "what is of no known type": (archive) =>
      archive.blob(Buffer.from("not even JSON"), { mediaType: "application/vnd.other" }),
    "what is named by another hash": (archive) => ({
      ...archive.blob({}, { mediaType: "application/vnd.oci.artifact.manifest.v1+json" }),
      digest: `sha512:${"0".repeat(128)}`,
    }),
  };
  for (const [what, make] of Object.entries(beside))
    test(what, async () => {
      const archive = new OciArchive();
      const image = archive.image(layer, named("app:1"));
      const other = make(archive);
      assert.deepEqual(await load(archive, [image, other]), app("app:1"));
      assert.deepEqual(await load(archive, [other, image]), app("app:1"));
      const both = archive.index([other, archive.image(layer, amd64)], named("app:2"));
      assert.deepEqual(await load(archive, [both]), app("app:2"));
      await assert.rejects(load(archive, [other]), {
        code: "invalid",
        message: /no image is in it/,
      });
    });
});

suite("of several platforms the machines' own is taken", () => {
  test("from an index, from one below it, and past manifests that aren't there", async () => {
    const archive = new OciArchive();
    const absent = { digest: `sha256:${"0".repeat(64)}`, size: 1, ...arm64 };
    const inner = archive.index([absent, archive.image(layer, amd64)]);
    assert.deepEqual(await load(archive, [archive.index([inner])]), app());
    assert.deepEqual(await load(archive, [{ ...inner, ...named("app:1") }]), app("app:1"));
  });

  test("the processor's plain version goes before a later one", async () => {
    const archive = new OciArchive();
    const v3 = { platform: { os: "linux", architecture: "amd64", variant: "v3" } };
    const two = [archive.image(armLayer, v3), archive.image(layer, amd64)];
    const loaded = await load(archive, [archive.index(two, named("app:1"))]);
    assert.deepEqual(loaded, app("app:1"));
  });

  test("where no platform is told, the configuration tells it", async () => {
    const archive = new OciArchive();
    const two = [archive.image(armLayer, {}, "arm64"), archive.image(layer)];
    assert.deepEqual(await load(archive, [archive.index(two)]), app());
    await assert.rejects(load(archive, [archive.index(two.slice(0, 1))]), {
      code: "unsupported",
      message: "cannot load the image: it is for linux/arm64, not for linux/amd64",
    });
  });

  test("also when the layout itself is what lists them", async () => {
    const archive = new OciArchive();
    const arm = archive.image(armLayer, { ...arm64, ...named("app:1") }, "arm64");
    const own = archive.image(layer, { ...amd64, ...named("app:1") });
    assert.deepEqual(await load(archive, [arm, own]), app("app:1"));
    assert.deepEqual(await load(archive, [own, arm]), app("app:1"));
    assert.deepEqual(await load(archive, [arm]), [
      { architecture: "arm64", layers: 1, references: ["app:1"] },
    ]);
  });
});

test("each image of a layout has the names that its annotations give", async () => {
  const archive = new OciArchive();
  const refName = (name: string) => ({
    annotations: { "org.opencontainers.image.ref.name": name },
  });
  const one = archive.image(layer);
  const two = archive.image(armLayer);
  const loaded = await load(archive, [
    { ...one, ...named("docker.io/library/one:1") },
    { ...one, ...refName("registry.example:5000/one:2") },
    { ...one, ...refName("latest") },
    { ...one, ...named(`one:3@${one.digest}`) },
    { ...two, ...refName("no name: at all") },
    { ...two, ...named(`two@${two.digest}`) },
  ]);
  assert.deepEqual(
    loaded.map(({ references }) => references),
    [["one:1", "registry.example:5000/one:2", "one:3"], []],
  );
});

test("lists that are null are empty", async () => {
  const archive = new OciArchive();
  const config = archive.blob({
    architecture: "amd64",
    rootfs: { type: "layers", diff_ids: null },
  });
  assert.deepEqual(await load(archive, [archive.manifest({ config, layers: null })]), [
    { architecture: "amd64", layers: 0, references: [] },
  ]);
  assert.deepEqual(await load(archive, []), []);
});

test("a document that is an index and a manifest at once is refused", async () => {
  const archive = new OciArchive();
  const config = archive.blob({ rootfs: {} });
  const odd = archive.manifest({ config, layers: [], manifests: [archive.image(layer, amd64)] });
  await assert.rejects(load(archive, [odd]), { code: "damaged", message: /is not valid/ });
});

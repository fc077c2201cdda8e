import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createReadStream, existsSync, statSync } from "node:fs";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { ImageStore } from "../../../src/image/store/image-store.ts";
import { LayerDownloads } from "../../../src/image/transfer/layer-downloads.ts";
import { pullImage, type TransferParts } from "../../../src/image/transfer/pull-image.ts";
import { pushImage } from "../../../src/image/transfer/push-image.ts";
import { parseReference } from "../../../src/image/reference.ts";
import { parsePlatform } from "../../../src/image/registry/choose-platform.ts";
import { connect } from "../../../src/image/registry/registry-connection.ts";
import { repositoryOf, type Repository } from "../../../src/image/registry/repository.ts";
import { Transport } from "../../../src/image/registry/transport.ts";
import type { TransferProgress } from "../../../src/image/transfer/transfer-progress.ts";
import { fixture } from "../../support/cache.ts";
import { DockerRegistry } from "../../support/docker-registry.ts";
import { gzipTar, mixed, oci, plainTar, pushIndex, pushMade } from "../../support/pushed-images.ts";
import { RegistryGate } from "../../support/registry-gate.ts";
import { digestOf, dockerArchive, makeTar, streamOf } from "../../support/tar.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const run = promisify(execFile);
const folders = { settings: [], certificates: [] };
const transportOptions = { folders, environment: {}, retryDelayMs: 1, idleMs: 5000 };
let registry: DockerRegistry;

before(async () => {
  registry = await DockerRegistry.start();
});
after(() => registry?.[Symbol.asyncDispose]());

interface TestStore extends AsyncDisposable {
  parts: TransferParts;
  root: string;
  lines: TransferProgress[];
  pull(name: string, options?: { platform?: string; signal?: AbortSignal }): Promise<string>;
  push(name: string): ReturnType<typeof pushImage>;
}

/** A store; without a root, one that goes with its test. */
async function openStore(root?: string): Promise<TestStore> {
  const folder = root === undefined ? await temporaryFolder() : undefined;
  const path = root ?? folder?.path ?? "";
  const store = await ImageStore.open(path);
  const downloads = await LayerDownloads.open(path);
  const trust = { paths: [], mustExist: false };
  const parts = { store, downloads, transport: transportOptions, trust };
  const lines: TransferProgress[] = [];
  const onProgress = (line: TransferProgress) => lines.push(line);
  const common = { credentials: {}, onProgress };
  return {
    parts,
    root: path,
    lines,
    pull: (name, { platform, signal } = {}) =>
      pullImage(parts, {
        ...common,
        reference: parseReference(name),
        platform: platform === undefined ? undefined : parsePlatform(platform),
        signal,
      }),
    push: (name) => pushImage(parts, { ...common, reference: parseReference(name) }),
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await folder?.[Symbol.asyncDispose]();
    },
  };
}

const insecure = ["--src-tls-verify=false", "--dest-tls-verify=false"];

function skopeoCopy(from: string, to: string, ...more: string[]) {
  return run("skopeo", ["copy", "-q", ...insecure, ...more, from, to]);
}

async function skopeoInspect(name: string): Promise<{ Digest: string; Layers: string[] }> {
  const { stdout } = await run("skopeo", ["inspect", "--tls-verify=false", `docker://${name}`]);
  return JSON.parse(stdout) as { Digest: string; Layers: string[] };
}

async function repository(transport: Transport, host: string, name: string): Promise<Repository> {
  const connection = await connect(transport, { registry: host, credentials: {} });
  return repositoryOf(connection, { repository: name, familiarName: name }, "pull,push");
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

test("what skopeo pushed is pulled, and is up to date the second time, without a GET", async () => {
  await skopeoCopy(
    `docker-archive:${fixture("small.docker-save.tar")}`,
    `docker://${registry.host}/small:1`,
  );
  await using gate = await RegistryGate.start(registry.host);
  await using store = await openStore();
  const id = await store.pull(`${gate.host}/small:1`);
  const image = store.parts.store.find(`${gate.host}/small:1`);
  assert.equal(image.id, id);
  const { Digest } = await skopeoInspect(`${registry.host}/small:1`);
  assert.deepEqual(image.digests, [`${gate.host}/small@${Digest}`]);
  const said = (text: RegExp) => store.lines.some(({ status }) => text.test(status));
  assert(said(/^Status: Downloaded newer image for 127/));
  assert.deepEqual(await readdir(join(store.root, "downloads")), []);
  gate.seen.length = 0;
  await store.pull(`${gate.host}/small:1`);
  assert(said(/^Status: Image is up to date for 127/));
  assert.deepEqual(gate.asked("GET", /manifests|blobs/), []);
  assert.equal(await store.pull(`${gate.host}/small@${Digest}`), id);
});

test("an image goes back to another repository by mounts and with the same manifest", async () => {
  const archive = `oci-archive:${fixture("small.skopeo-oci.tar")}`;
  await skopeoCopy(archive, `docker://${registry.host}/there/and:1`);
  await using store = await openStore();
  await store.pull(`${registry.host}/there/and:1`);
  store.parts.store.tag(`${registry.host}/there/and:1`, `${registry.host}/back/again:2`);
  store.lines.length = 0;
  await store.push(`${registry.host}/back/again:2`);
  const statuses = store.lines.map(({ status }) => status);
  assert.equal(statuses.filter((one) => one === "Mounted from there/and").length, 2);
  assert(!statuses.includes("Pushing"));
  const before = await skopeoInspect(`${registry.host}/there/and:1`);
  const after = await skopeoInspect(`${registry.host}/back/again:2`);
  assert.equal(after.Digest, before.Digest);
  store.lines.length = 0;
  await store.push(`${registry.host}/back/again:2`);
  assert.equal(store.lines.filter(({ status }) => status === "Layer already exists").length, 2);
});

test("a loaded image is packed and pushed, and skopeo and another store have the same of it", async () => {
  await using store = await openStore();
  const [loaded] = await store.parts.store.load(createReadStream(fixture("small.docker-save.tar")));
  const name = `${registry.host}/packed:1`;
  store.parts.store.tag(loaded?.id ?? "", name);
  const pushed = await store.push(name);
  assert.equal((await skopeoInspect(name)).Digest, pushed.digest);
  await using other = await openStore();
  assert.equal(await other.pull(name), loaded?.id);
  // skopeo checks every digest, packed and unpacked
  await using folder = await temporaryFolder();
  await skopeoCopy(`docker://${name}`, `docker-archive:${join(folder.path, "x.tar")}:x:1`);
  await using third = await openStore();
  const [again] = await third.parts.store.load(createReadStream(join(folder.path, "x.tar")));
  assert.equal(again?.id, loaded?.id);
});

test(
  "a push of more layers than there are connections waits for none",
  { timeout: 60_000 },
  async () => {
    await using store = await openStore();
    store.parts.transport = { ...transportOptions, idleMs: 600_000 };
    const layers = Array.from({ length: 20 }, (_, index) =>
      makeTar([{ path: `file-${index}`, content: String(index) }]),
    );
    const name = `${registry.host}/many-layers:1`;
    await store.parts.store.load(streamOf(makeTar(dockerArchive(layers, { name }))));
    await store.push(name);
    assert.equal((await skopeoInspect(name)).Layers.length, 20);
  },
);

test("layers of all packings, in an index beside an attestation, are pulled by platform", async () => {
  using transport = new Transport(transportOptions);
  const to = await repository(transport, registry.host, "mixed");
  const own = await pushMade(to, { layers: mixed });
  const other = await pushMade(to, { layers: mixed.slice(0, 2), architecture: "arm64" });
  const attestation = { ...other, platform: { os: "unknown", architecture: "unknown" } };
  const nested = await pushIndex(to, "nested", [attestation, other, own]);
  await using store = await openStore();
  const name = `${registry.host}/mixed:nested`;
  await store.pull(name);
  const image = store.parts.store.find(name);
  assert.deepEqual(
    image.layers,
    mixed.map(({ diffId }) => diffId),
  );
  assert.deepEqual(image.digests, [`${registry.host}/mixed@${nested}`]);
  await store.pull(name, { platform: "linux/arm64" });
  assert.equal(store.parts.store.find(name).architecture, "arm64");
  await assert.rejects(store.pull(name, { platform: "linux/s390x" }), {
    code: "not-found",
    message: /no matching manifest for linux\/s390x/,
  });
  const direct = `${registry.host}/mixed@${other.digest}`;
  await assert.rejects(store.pull(direct, { platform: "linux/amd64" }), {
    code: "not-found",
    message: /its platform \(linux\/arm64\) does not match/,
  });
});

test("a layer that another image brought is not fetched, and a bare tar goes out as it is", async () => {
  using transport = new Transport(transportOptions);
  const to = await repository(transport, registry.host, "shared");
  await pushMade(to, { layers: mixed.slice(0, 1) }, "a");
  await pushMade(to, { layers: mixed.slice(0, 2) }, "b");
  await using gate = await RegistryGate.start(registry.host);
  await using store = await openStore();
  await store.pull(`${gate.host}/shared:a`);
  await store.pull(`${gate.host}/shared:b`);
  const blobs = gate.asked("GET", /\/blobs\//);
  assert.equal(new Set(blobs).size, blobs.length, "each blob once");
  assert(store.lines.some(({ status }) => status === "Already exists"));
  await using other = await DockerRegistry.start();
  store.parts.store.tag(`${gate.host}/shared:a`, `${other.host}/bare:a`);
  await store.push(`${other.host}/bare:a`);
  const { Layers, Digest } = await skopeoInspect(`${other.host}/bare:a`);
  assert.deepEqual(Layers, [digestOf(plainTar)]);
  assert.equal(Digest, (await skopeoInspect(`${registry.host}/shared:a`)).Digest);
});

test("two pulls of one image at once fetch each layer once", async () => {
  using transport = new Transport(transportOptions);
  await pushMade(await repository(transport, registry.host, "twice"), { layers: mixed }, "1");
  await using gate = await RegistryGate.start(registry.host);
  await using store = await openStore();
  const ids = await Promise.all([1, 2, 3].map(() => store.pull(`${gate.host}/twice:1`)));
  assert.equal(new Set(ids).size, 1);
  const layers = mixed.map(({ packed }) => `/v2/twice/blobs/${digestOf(packed)}`);
  for (const path of layers)
    assert.equal(gate.seen.filter((one) => one.path === path).length, 1, path);
  assert.deepEqual(await readdir(join(store.root, "tmp")), []);
});

test("when the first of two pulls is given up, the second goes on where it was", async () => {
  using transport = new Transport(transportOptions);
  const content = Buffer.from(Array.from({ length: 400_000 }, (_, at) => (at * at) % 251));
  const tar = makeTar([{ path: "big", content }]);
  const layer = { packed: tar, diffId: digestOf(tar), mediaType: `${oci}.layer.v1.tar` };
  await pushMade(await repository(transport, registry.host, "giveup"), { layers: [layer] }, "1");
  await using gate = await RegistryGate.start(registry.host);
  await using store = await openStore();
  const stop = new AbortController();
  gate.holdBlobsAfter = 200_000;
  const first = store.pull(`${gate.host}/giveup:1`, { signal: stop.signal });
  first.catch(() => undefined);
  const file = join(store.root, "downloads", layer.diffId.slice("sha256:".length));
  await until(() => existsSync(file) && statSync(file).size > 0);
  const second = store.pull(`${gate.host}/giveup:1`);
  gate.holdBlobsAfter = Infinity;
  stop.abort();
  await assert.rejects(first);
  await second;
  const ranges = gate.seen
    .filter(({ path, method }) => method === "GET" && path.endsWith(layer.diffId))
    .map(({ headers }) => headers.range);
  assert.equal(ranges.length, 2);
  assert.match(ranges[1] ?? "", /^bytes=[1-9]\d*-$/);
});

test("a pull that fails leaves no image, no layers, and what came is not fetched again", async () => {
  using transport = new Transport(transportOptions);
  await pushMade(await repository(transport, registry.host, "fails"), { layers: mixed }, "1");
  await using gate = await RegistryGate.start(registry.host);
  await using store = await openStore();
  const bad = digestOf(mixed[2]?.packed ?? Buffer.alloc(0));
  let refuse = true;
  gate.rule = async ({ path }, response) => {
    if (!refuse || !path.endsWith(bad)) return false;
    const isDone = ({ status }: TransferProgress) => status === "Download complete";
    await until(() => store.lines.filter(isDone).length === 2);
    response.writeHead(403).end();
    return true;
  };
  await assert.rejects(store.pull(`${gate.host}/fails:1`), { code: "unauthorized" });
  for (const folder of ["layers", "disks", "tmp"])
    assert.deepEqual(await readdir(join(store.root, folder)), [], folder);
  refuse = false;
  await store.pull(`${gate.host}/fails:1`);
  const good = digestOf(mixed[1]?.packed ?? Buffer.alloc(0));
  assert.equal(gate.asked("GET", new RegExp(good)).length, 1);
});

test("a store that a crash left goes on with what it had, and notices damage in it", async () => {
  using transport = new Transport(transportOptions);
  await pushMade(await repository(transport, registry.host, "crash"), { layers: mixed }, "1");
  await using gate = await RegistryGate.start(registry.host);
  await using folder = await temporaryFolder();
  await (await openStore(folder.path))[Symbol.asyncDispose]();
  const [plain, gzip, zstd] = mixed.map(({ packed }) => ({ packed, digest: digestOf(packed) }));
  assert(plain !== undefined && gzip !== undefined && zstd !== undefined);
  const left = (digest: string) => join(folder.path, "downloads", digest.slice(7));
  await writeFile(left(plain.digest), plain.packed.subarray(0, 1000));
  await writeFile(left(gzip.digest), gzip.packed);
  const damaged = Buffer.from(zstd.packed);
  damaged.fill(0, 20, 40);
  await writeFile(left(zstd.digest), damaged);
  await using store = await openStore(folder.path);
  await store.pull(`${gate.host}/crash:1`);
  const ranges = (digest: string) =>
    gate.seen.filter(({ path }) => path.endsWith(digest)).map(({ headers }) => headers.range);
  assert.deepEqual(ranges(plain.digest), ["bytes=1000-"]);
  assert.deepEqual(ranges(gzip.digest), []);
  assert.deepEqual(ranges(zstd.digest), [undefined]);
});

test("a layer that isn't what its digest or the configuration says is refused", async () => {
  using transport = new Transport(transportOptions);
  const to = await repository(transport, registry.host, "wrong");
  const wrong = {
    packed: gzipSync(gzipTar),
    diffId: digestOf(plainTar),
    mediaType: `${oci}.layer.v1.tar`,
  };
  await pushMade(to, { layers: [wrong] }, "content");
  await using store = await openStore();
  await assert.rejects(store.pull(`${registry.host}/wrong:content`), {
    code: "damaged",
    message: /filesystem layer verification failed .* not sha256:/,
  });
  await pushMade(to, { layers: mixed.slice(0, 1) }, "bytes");
  await using gate = await RegistryGate.start(registry.host);
  const other = Buffer.from(plainTar);
  other.write("changed", 600);
  gate.rule = ({ path, method }, response) => {
    if (method !== "GET" || !path.endsWith(digestOf(plainTar))) return false;
    response.end(other);
    return true;
  };
  await using second = await openStore();
  await assert.rejects(second.pull(`${gate.host}/wrong:bytes`), {
    code: "damaged",
    message: /filesystem layer verification failed for sha256:.*: it is sha256:/,
  });
  assert.deepEqual(await readdir(join(second.root, "downloads")), []);
  assert.deepEqual([...store.parts.store.list(), ...second.parts.store.list()], []);
});

test("foreign layers, artifacts and indexes without end are refused with a reason", async () => {
  const manifests = new Map<string, object>();
  await using gate = await RegistryGate.start();
  gate.rule = ({ path, method }, response) => {
    if (path === "/v2/") return (response.end("{}"), true);
    const wanted = path.split("/manifests/")[1] ?? "";
    if (method === "HEAD") return false;
    const found = [...manifests].find(([tag, body]) => {
      return tag === wanted || digestOf(Buffer.from(JSON.stringify(body))) === wanted;
    });
    if (found === undefined) return false;
    response.end(JSON.stringify(found[1]));
    return true;
  };
  const descriptor = (mediaType: string) => ({ mediaType, digest: digestOf(plainTar), size: 1 });
  const docker = "application/vnd.docker";
  const config = descriptor(`${docker}.container.image.v1+json`);
  const foreign = descriptor(`${docker}.image.rootfs.foreign.diff.tar.gzip`);
  manifests.set("foreign", { schemaVersion: 2, config, layers: [foreign] });
  const chart = descriptor("application/vnd.cncf.helm.config.v1+json");
  manifests.set("chart", { schemaVersion: 2, config: chart, layers: [] });
  let below: object = { schemaVersion: 2, config, layers: [] };
  for (let depth = 0; depth < 8; depth += 1) {
    manifests.set(`deep${depth}`, below);
    const body = Buffer.from(JSON.stringify(below));
    const platform = { os: "linux", architecture: "amd64" };
    below = { manifests: [{ digest: digestOf(body), size: body.length, platform }] };
  }
  await using store = await openStore();
  const pull = (tag: string) => store.pull(`${gate.host}/x:${tag}`);
  await assert.rejects(pull("foreign"), { code: "unsupported", message: /it has a foreign layer/ });
  await assert.rejects(pull("chart"), {
    code: "unsupported",
    message: /it is no image, but .*helm/,
  });
  await assert.rejects(pull("deep7"), { code: "damaged", message: /ever more indexes/ });
});

test("a mirror is asked first and as nobody; what it has not comes from the registry", async () => {
  using transport = new Transport(transportOptions);
  await pushMade(await repository(transport, registry.host, "mirrored"), { layers: mixed }, "1");
  await using mirror = await RegistryGate.start(registry.host);
  await using own = await RegistryGate.start(registry.host);
  await using folder = await temporaryFolder();
  const settings = { registries: { [own.host]: { mirrors: [`http://${mirror.host}`] } } };
  await writeFile(join(folder.path, "registries.json"), JSON.stringify(settings));
  await using store = await openStore();
  store.parts.transport = {
    ...transportOptions,
    folders: { settings: [folder.path], certificates: [] },
  };
  await store.pull(`${own.host}/mirrored:1`);
  assert.equal(own.asked("GET", /blobs/).length, 0);
  assert.equal(mirror.asked("GET", /blobs/).length, 4);
  assert(mirror.seen.every(({ headers }) => headers.authorization === undefined));
  await rm(join(store.root, "downloads"), { recursive: true });
  await using fresh = await openStore();
  fresh.parts.transport = store.parts.transport;
  mirror.rule = ({ path }, response) => {
    if (!path.includes("/blobs/")) return false;
    response.writeHead(404).end();
    return true;
  };
  await fresh.pull(`${own.host}/mirrored:1`);
  assert(own.asked("GET", /blobs/).length >= 3);
});

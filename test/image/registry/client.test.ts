import assert from "node:assert/strict";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { findBlob, fetchDocument } from "../../../src/image/registry/blobs.ts";
import { downloadBlob } from "../../../src/image/registry/download-blob.ts";
import { logIn } from "../../../src/image/registry/log-in.ts";
import { parseManifest } from "../../../src/image/registry/manifest.ts";
import { fetchManifest, putManifest, resolveTag } from "../../../src/image/registry/manifests.ts";
import { connect } from "../../../src/image/registry/registry-connection.ts";
import { repositoryOf, type Repository } from "../../../src/image/registry/repository.ts";
import { listTags } from "../../../src/image/registry/tags.ts";
import { Transport } from "../../../src/image/registry/transport.ts";
import { mountBlob, uploadDocument, uploadStream } from "../../../src/image/registry/upload.ts";
import type { Credentials } from "../../../src/image/registry/credentials.ts";
import { connectProxy } from "../../support/connect-proxy.ts";
import { DockerRegistry } from "../../support/docker-registry.ts";
import { RegistryGate } from "../../support/registry-gate.ts";
import { digestOf } from "../../support/tar.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { TokenServer } from "../../support/token-server.ts";

const ociManifest = "application/vnd.oci.image.manifest.v1+json";
const noFolders = { settings: [], certificates: [] };
let plain: DockerRegistry;

before(async () => {
  plain = await DockerRegistry.start();
});
after(() => plain?.[Symbol.asyncDispose]());

function makeTransport(folders: { settings: string[]; certificates: string[] } = noFolders) {
  return new Transport({ folders, environment: {}, retryDelayMs: 1, idleMs: 5000 });
}

async function repository(
  transport: Transport,
  registry: string,
  name: string,
  credentials: Credentials = {},
): Promise<Repository> {
  const connection = await connect(transport, { registry, credentials });
  return repositoryOf(
    connection,
    { repository: name, familiarName: `${registry}/${name}` },
    "pull,push",
  );
}

async function* pieces(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text);
}

/** Pushes an image of a configuration and one layer. */
async function pushSomething(to: Repository, tag: string, layer: string): Promise<Buffer> {
  const sent = await uploadStream(to, () => pieces(layer));
  const config = await uploadDocument(to, Buffer.from("{}"));
  const body = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: ociManifest,
      config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config },
      layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", ...sent }],
    }),
  );
  await putManifest(to, tag, { mediaType: ociManifest, body });
  return body;
}

test("what was pushed to a real registry is found and read again", async () => {
  using transport = makeTransport();
  const here = await repository(transport, plain.host, "some/thing");
  const body = await pushSomething(here, "one", "layer of one");
  const manifest = await fetchManifest(here, "one");
  assert.deepEqual(manifest, { digest: digestOf(body), mediaType: ociManifest, body });
  assert.equal(await resolveTag(here, "one"), digestOf(body));
  assert.deepEqual((await fetchManifest(here, manifest.digest)).body, body);
  const parsed = parseManifest(manifest.body, "it");
  assert.equal(parsed.kind, "image");
  if (parsed.kind !== "image") return;
  assert.equal((await fetchDocument(here, parsed.config)).toString(), "{}");
  assert.deepEqual(await findBlob(here, parsed.layers[0]?.digest ?? ""), { size: 12 });
  assert.equal(await findBlob(here, digestOf(Buffer.from("no"))), undefined);
  await assert.rejects(fetchManifest(here, "two"), {
    code: "not-found",
    message: `manifest for ${plain.host}/some/thing:two not found: manifest unknown: manifest unknown`,
  });
});

test("a blob of another repository is mounted, and one that is nowhere is not", async () => {
  using transport = makeTransport();
  const from = await repository(transport, plain.host, "mount/from");
  const { digest } = await uploadDocument(from, Buffer.from("to be mounted"));
  const to = await repository(transport, plain.host, "mount/to");
  assert.equal(await findBlob(to, digest), undefined);
  assert.equal(await mountBlob(to, { digest, from: "mount/from" }), true);
  assert.deepEqual(await findBlob(to, digest), { size: 13 });
  const nowhere = digestOf(Buffer.from("nowhere"));
  assert.equal(await mountBlob(to, { digest: nowhere, from: "mount/from" }), false);
});

test("all tags are listed, page by page", async () => {
  await using gate = await RegistryGate.start();
  const pages: Record<string, { tags: string[]; next?: string }> = {
    "": { tags: ["a", "b"], next: "/v2/many/tags/list?last=b&n=2" },
    "?last=b&n=2": { tags: ["c"], next: "list?last=c" },
    "?last=c": { tags: ["d"], next: "http://127.0.0.1:1/v2/many/tags/list" },
  };
  gate.rule = ({ path }, response) => {
    const page = pages[path.replace("/v2/many/tags/list", "")];
    const link = page?.next === undefined ? {} : { Link: `<${page.next}>; rel="next"` };
    response.writeHead(200, link).end(JSON.stringify({ name: "many", tags: page?.tags }));
    return true;
  };
  using transport = makeTransport();
  // where the list leads to another host, it ends
  const tags = await listTags(await repository(transport, gate.host, "many"));
  assert.deepEqual(tags, ["a", "b", "c", "d"]);
});

test("the tags of a real registry are listed", async () => {
  using transport = makeTransport();
  const here = await repository(transport, plain.host, "two/tags");
  for (const tag of ["a", "b"]) await pushSomething(here, tag, "the same");
  assert.deepEqual((await listTags(here)).sort(), ["a", "b"]);
});

test("a certificate is trusted by certs.d and by registries.json, and only there", async () => {
  await using registry = await DockerRegistry.start({ tls: true });
  await using folder = await temporaryFolder();
  // a name that isn't this host's, so that it isn't trusted as docker trusts local registries
  const host = `registry.test:${registry.host.split(":")[1]}`;
  await using proxy = await connectProxy(registry.host);
  const environment = { HTTPS_PROXY: proxy.url };
  const asked = async (folders: { settings: string[]; certificates: string[] }) => {
    using transport = new Transport({ folders, environment, retryDelayMs: 1 });
    return await pushSomething(await repository(transport, host, "secret/thing"), "one", "x");
  };
  await assert.rejects(asked(noFolders), { code: "unavailable", message: /certificate/ });
  await mkdir(join(folder.path, "certs", host), { recursive: true });
  await copyFile(registry.certificate, join(folder.path, "certs", host, "ca.crt"));
  await asked({ settings: [], certificates: [join(folder.path, "certs")] });
  const settings = { registries: { [host]: { ca: registry.certificate } } };
  await writeFile(join(folder.path, "registries.json"), JSON.stringify(settings));
  await asked({ settings: [folder.path], certificates: [] });
  assert(proxy.tunnels.length > 0 && proxy.tunnels.every((one) => one === host), "by the proxy");
});

test("a registry with htpasswd lets in who has the password", async () => {
  const { user } = DockerRegistry;
  await using registry = await DockerRegistry.start({ htpasswd: true });
  using transport = makeTransport();
  await pushSomething(await repository(transport, registry.host, "his", user), "one", "x");
  await assert.rejects(
    async () => fetchManifest(await repository(transport, registry.host, "his"), "one"),
    { code: "not-found", message: /^pull access denied for .*\/his, repository does not exist/ },
  );
  assert.deepEqual(await logIn(transport, { registry: registry.host, credentials: user }), {
    identityToken: undefined,
  });
  const wrong = { username: "bob", password: "guess" };
  await assert.rejects(logIn(transport, { registry: registry.host, credentials: wrong }), {
    code: "unauthorized",
  });
});

test("a token server is asked for what is needed: for a user, for nobody, by a refresh token", async () => {
  await using tokens = await TokenServer.start();
  await using registry = await DockerRegistry.start({ token: tokens.setUp });
  using transport = makeTransport();
  const { host } = registry;
  await pushSomething(await repository(transport, host, "public/a", TokenServer.user), "one", "x");
  await pushSomething(await repository(transport, host, "own/a", TokenServer.user), "one", "x");
  const scope = "repository:public/a:pull,push";
  assert(
    tokens.requests.some(({ account, scopes }) => account === "alice" && scopes.includes(scope)),
  );
  const nobody = await repository(transport, host, "public/a");
  assert.equal(
    (await fetchManifest({ ...nobody, scopes: ["repository:public/a:pull"] }, "one")).mediaType,
    ociManifest,
  );
  await assert.rejects(
    async () => fetchManifest(await repository(transport, host, "own/a"), "one"),
    { code: "not-found", message: /pull access denied/ },
  );
  const login = await logIn(transport, { registry: host, credentials: TokenServer.user });
  assert.deepEqual(login, { identityToken: "refresh-alice" });
  const byToken = { username: "alice", identityToken: "refresh-alice" };
  await fetchManifest(await repository(transport, host, "own/a", byToken), "one");
  assert.equal(tokens.requests.at(-1)?.grantType, "refresh_token");
  await assert.rejects(
    logIn(transport, { registry: host, credentials: { username: "alice", password: "no" } }),
    { code: "unauthorized", message: /incorrect username or password/ },
  );
});

test("a token that has ended is replaced by a new one", async () => {
  await using tokens = await TokenServer.start();
  await using registry = await DockerRegistry.start({ token: tokens.setUp });
  using transport = makeTransport();
  tokens.lifeSeconds = -100; // over before it is used; the registry says so
  const here = await repository(transport, registry.host, "public/b", TokenServer.user);
  await assert.rejects(pushSomething(here, "one", "x"), { code: "unauthorized" });
  tokens.lifeSeconds = 300;
  await pushSomething(here, "one", "x");
});

test("a download that was cut goes on at the byte where it stopped, in a later process too", async () => {
  await using folder = await temporaryFolder();
  await using gate = await RegistryGate.start(plain.host);
  using transport = makeTransport();
  const here = await repository(transport, gate.host, "big/blob");
  const content = Buffer.alloc(1_000_000, "0123456789abcdef");
  const { digest, size } = await uploadDocument(here, content);
  const blob = { mediaType: "", digest, size };
  const file = join(folder.path, "blob");
  gate.cutBlobsAfter = 300_000;
  const read = async () => buffer(downloadBlob({ sources: [here], blob, file }));
  assert.deepEqual(await read(), content);
  const starts = gate.seen
    .filter(({ path, method }) => method === "GET" && path.includes("/blobs/"))
    .map(({ headers }) => Number(/^bytes=(\d+)-$/.exec(headers.range ?? "bytes=0-")?.[1]));
  assert.equal(starts[0], 0);
  for (const [at, start] of starts.entries()) {
    const cut = (starts[at - 1] ?? -300_000) + 300_000;
    // what a connection had under way when it was cut is lost
    assert(start <= cut && start > cut - 2 ** 17, `from ${start} after a cut at ${cut}`);
  }
  gate.cutBlobsAfter = Infinity;
  await writeFile(file, content.subarray(0, 400_000));
  assert.deepEqual(await read(), content);
  assert.equal(gate.seen.at(-1)?.headers.range, "bytes=400000-");
  const count = gate.seen.length;
  assert.deepEqual(await read(), content);
  assert.equal(gate.seen.length, count, "what is whole is not asked for");
  assert.deepEqual(await readFile(file), content);
});

test("mistakes in registries.json are named", async () => {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, "registries.json"), '{"registries":{"x.y":{"mirror":[]}}}');
  using transport = makeTransport({ settings: [folder.path], certificates: [] });
  await assert.rejects(connect(transport, { registry: "x.y", credentials: {} }), {
    code: "invalid",
    message: /registries\.json: registries\.x\.y: .*mirror/,
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { choosePlatform, parsePlatform } from "../../../src/image/registry/choose-platform.ts";
import type { DescribedPlatform } from "../../../src/image/registry/manifest.ts";
import { proxyFor } from "../../../src/image/registry/proxy-for.ts";
import { registryOfAddress } from "../../../src/base/registry-name.ts";
import { isLocalHost } from "../../../src/image/registry/registry-host.ts";
import { searchRegistry } from "../../../src/image/registry/search.ts";
import { Transport } from "../../../src/image/registry/transport.ts";
import { RegistryGate } from "../../support/registry-gate.ts";

function chosen(wanted: string, ...there: (string | undefined)[]): number {
  const manifests = there.map((text, size) => {
    const [os = "", architecture = "", variant] = text?.split("/") ?? [];
    const platform: DescribedPlatform = { os, architecture, variant };
    return { mediaType: "", digest: "", size, platform: text === undefined ? undefined : platform };
  });
  return choosePlatform(manifests, parsePlatform(wanted), "x").size;
}

test("of an index, the manifest for the wanted platform is chosen, and never an attestation", () => {
  const all = ["unknown/unknown", undefined, "linux/arm64/v8", "linux/amd64", "linux/arm/v6"];
  assert.equal(chosen("linux/amd64", ...all), 3);
  assert.equal(chosen("amd64", ...all), 3);
  assert.equal(chosen("linux/x86_64", ...all), 3);
  assert.equal(chosen("linux", ...all), 3);
  assert.equal(chosen("linux/arm64", ...all), 2);
  assert.equal(chosen("aarch64", ...all), 2);
  assert.equal(chosen("linux/arm", ...all, "linux/arm/v7"), 5);
  assert.equal(chosen("linux/arm", ...all), 4, "an older version runs too");
  assert.equal(chosen("linux/amd64", "linux/amd64/v3", "linux/amd64/v1"), 1);
  assert.equal(chosen("linux/s390x", ...all), 1, "one that may be for any platform");
  const told = all.filter((one) => one !== undefined);
  assert.throws(() => chosen("linux/s390x", ...told), {
    code: "not-found",
    message: "no matching manifest for linux/s390x in the manifest list entries of x",
    hint: "it is there for: linux/arm64/v8, linux/amd64, linux/arm/v6",
  });
  assert.throws(() => parsePlatform("linux/a/b/c"), { code: "invalid" });
  assert.throws(() => parsePlatform("linux/../x"), { code: "invalid" });
});

test("proxies are taken from settings and environment, and NO_PROXY is read as Go reads it", () => {
  const environment = { HTTPS_PROXY: "http://proxy:1", no_proxy: "10.0.0.0/8,.in.example,b.c:444" };
  const proxy = (url: string) => proxyFor(new URL(url), {}, environment);
  assert.equal(proxy("https://a.b"), "http://proxy:1");
  assert.equal(proxy("http://a.b"), undefined);
  for (const direct of [
    "https://10.1.2.3",
    "https://x.in.example",
    "https://b.c:444",
    "https://localhost:5000",
    "https://127.0.0.1",
    "https://[::1]:5000",
  ])
    assert.equal(proxy(direct), undefined, direct);
  for (const by of ["https://11.1.2.3", "https://in.example", "https://b.c", "https://notb.c:444"])
    assert.equal(proxy(by), "http://proxy:1", by);
  assert.equal(proxyFor(new URL("https://x"), { httpsProxy: "p:2" }, environment), "http://p:2");
  assert.equal(
    proxyFor(new URL("https://x"), {}, { ...environment, NO_PROXY: "*" }),
    "http://proxy:1",
  );
  assert.equal(proxyFor(new URL("https://x"), { noProxy: "*" }, environment), undefined);
});

test("Docker Hub has many names, this host some", () => {
  for (const address of ["", "https://index.docker.io/v1/", "docker.io", "https://index.docker.io"])
    assert.equal(registryOfAddress(address), "docker.io", address);
  assert.equal(registryOfAddress("https://registry.example:5000/v2/"), "registry.example:5000");
  for (const local of ["localhost", "localhost:5000", "127.0.0.1", "127.9.8.7:5000", "[::1]:5000"])
    assert(isLocalHost(local), local);
  for (const other of ["localhost.example", "128.0.0.1", "127.0.0.1.example:5000"])
    assert(!isLocalHost(other), other);
});

test("a registry that offers search is searched, one that doesn't says so", async () => {
  await using gate = await RegistryGate.start();
  gate.rule = ({ path }, response) => {
    if (!path.startsWith("/v1/search?q=web&n=2")) return false;
    const one = {
      name: "team/web",
      description: "a\u001b[2J web",
      star_count: 3,
      is_official: true,
    };
    response.end(JSON.stringify({ results: [one, { name: "b" }, { name: "c" }] }));
    return true;
  };
  const folders = { settings: [], certificates: [] };
  using transport = new Transport({ folders, environment: {}, retryDelayMs: 1 });
  const search = (term: string) => searchRegistry(transport, { term, limit: 2, credentials: {} });
  const found = await search(`${gate.host}/web`);
  assert.equal(found.length, 2);
  assert.deepEqual(found[0], {
    name: `${gate.host}/team/web`,
    description: "a [2J web",
    stars: 3,
    official: true,
    automated: false,
  });
  await assert.rejects(search(`${gate.host}/other`), {
    code: "not-found",
    message: /offers no search/,
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { withGeneral } from "../../../src/image/registry/general-settings.ts";

const nothing = {
  registry: { mirrors: [], plainHttp: false, mayBePlain: false, skipVerify: false, tls: {} },
  proxies: {},
};
const general = {
  registryMirrors: ["https://mirror.example/"],
  insecureRegistries: ["lab.example", "port.example:5000", "10.1.0.0/16", "fd00::/8"],
  proxies: { httpProxy: "http://p:1", httpsProxy: "", noProxy: "x" },
  maxDownloadAttempts: 5,
};

test("the daemon's mirrors are Docker Hub's only, and what is said of a registry beats them", async () => {
  const hub = (await withGeneral(nothing, "docker.io", general)).registry;
  assert.deepEqual(hub.mirrors.map(String), ["https://mirror.example/"]);
  assert.deepEqual((await withGeneral(nothing, "other.example", general)).registry.mirrors, []);
  const own = { ...nothing, registry: { ...nothing.registry, mirrors: [new URL("http://own/")] } };
  const { mirrors } = (await withGeneral(own, "docker.io", general)).registry;
  assert.deepEqual(mirrors.map(String), ["http://own/"]);
});

test("an insecure registry is named by host, host and port, or the network of its address", async () => {
  const isLax = async (host: string) => {
    const { mayBePlain, skipVerify } = (await withGeneral(nothing, host, general)).registry;
    assert.equal(mayBePlain, skipVerify);
    return mayBePlain;
  };
  for (const host of ["lab.example", "port.example:5000", "10.1.2.3:5000", "[fd00::1]:5000"])
    assert.equal(await isLax(host), true, host);
  for (const host of ["port.example", "10.2.0.1", "[fe80::1]:1"])
    assert.equal(await isLax(host), false, host);
});

test("the daemon's proxies count where a registry's file has none", async () => {
  assert.deepEqual((await withGeneral(nothing, "a", general)).proxies, {
    ...{ httpProxy: "http://p:1", httpsProxy: undefined, noProxy: "x" },
  });
});

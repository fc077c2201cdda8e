import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCreateBody } from "../../src/api/schemas/create-container.ts";
import type { Mount } from "../../src/engine/records/run-specification.ts";
import { specifyRun } from "../../src/engine/records/specify-run.ts";
import { containerNeeds } from "../../src/engine/fit/container-needs.ts";
import { knownFeatures } from "../../src/kernel/fit/known-features.ts";

async function featuresFor(
  hostConfig: object,
  { mounts = [], labels = {} }: { mounts?: Mount[]; labels?: object } = {},
): Promise<string[]> {
  const body = parseCreateBody({ Image: "x", Labels: labels, HostConfig: hostConfig });
  const run = specifyRun(body, { imageId: "x", mounts, ports: [] });
  const record = { run, labels: body.config.Labels };
  const { needs } = containerNeeds(record, await knownFeatures());
  return needs.map(({ feature }) => feature);
}

const mount = (kind: Mount["kind"]): Mount => ({
  ...{ kind, source: "/a", target: "/b", readOnly: false },
});

test("how a container is run asks for features of its kernel", async () => {
  assert.deepEqual(await featuresFor({}), []);
  assert.deepEqual(await featuresFor({}, { mounts: [mount("tmpfs")] }), []);
  for (const type of ["bind", "volume"] as const)
    assert.deepEqual(await featuresFor({}, { mounts: [mount(type)] }), ["fuse"]);
  assert.deepEqual(await featuresFor({}, { mounts: [mount("image")] }), []);
  assert.deepEqual(await featuresFor({ SecurityOpt: ["seccomp={}"] }), ["sandboxes"]);
  assert.deepEqual(await featuresFor({ SecurityOpt: ["seccomp=unconfined"] }), []);
  assert.deepEqual(await featuresFor({ DeviceCgroupRules: ["c 1:1 r"] }), ["containers"]);
  assert.deepEqual(await featuresFor({ Memory: 2 ** 27 }), ["limits"]);
  assert.deepEqual(await featuresFor({ PidsLimit: 10 }), ["limits"]);
  assert.deepEqual(await featuresFor({ PidsLimit: -1 }), []);
  assert.deepEqual(await featuresFor({ NanoCpus: 1e9 }), []);
  assert.deepEqual(await featuresFor({ NanoCpus: 5e8 }), ["limits"]);
  assert.deepEqual(await featuresFor({ NanoCpus: 2e9 }), ["processors"]);
  assert.deepEqual(await featuresFor({ NanoCpus: 15e8 }), ["limits", "processors"]);
  assert.deepEqual(await featuresFor({ Sysctls: { "net.ipv6.conf.all.forwarding": "1" } }), [
    "ipv6",
  ]);
  assert.deepEqual(await featuresFor({}, { labels: { "dvm.kernel.features": "tracing" } }), [
    "tracing",
  ]);
});

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { asObject, type JsonObject } from "../../src/client/json.ts";
import { TestEngine } from "../support/test-engine.ts";

let engine: TestEngine;

before(async () => {
  engine = await TestEngine.open();
});
after(() => engine?.[Symbol.asyncDispose]());

/** All that has happened since, as `container start`, and whole. */
async function eventsSince(since: number): Promise<{ told: string[]; objects: JsonObject[] }> {
  const objects = await engine.eventsSince(since);
  return { told: objects.map(({ Type, Action }) => `${String(Type)} ${String(Action)}`), objects };
}

const attributesOf = (event: JsonObject | undefined) =>
  asObject(asObject(event?.["Actor"])["Attributes"]);

test("a container's volumes and network are told of around its runs, in Docker's order", async () => {
  const since = Date.now() / 1000;
  const more = { HostConfig: { Binds: ["kept:/kept:ro"] }, Volumes: { "/own": {} } };
  const id = await engine.run(["sleep", "60"], more);
  await engine.succeeds("POST", `/containers/${id}/stop`);
  await engine.succeeds("DELETE", `/containers/${id}?v=1`);
  const { told, objects } = await eventsSince(since);
  assert.deepEqual(told, [
    ...["volume create", "volume create", "container create"],
    ...["volume mount", "volume mount", "network connect", "container start"],
    ...["container kill", "network disconnect", "volume unmount", "volume unmount"],
    ...["container stop", "container die", "volume destroy", "container destroy"],
  ]);
  const mounts = objects.filter(({ Action }) => Action === "mount");
  const mounted = mounts.find((event) => attributesOf(event)["destination"] === "/kept");
  assert.deepEqual(attributesOf(mounted), {
    ...{ container: id, destination: "/kept", driver: "local", propagation: "" },
    "read/write": "false",
  });
  const connected = objects.find(({ Action }) => Action === "connect");
  assert.deepEqual(attributesOf(connected), { container: id, name: "bridge", type: "bridge" });
  await engine.succeeds("DELETE", "/volumes/kept");
});

test("a start that fails tells what is let go, and of no end", async () => {
  const since = Date.now() / 1000;
  const id = await engine.create(["nope"]);
  assert.equal((await engine.api("POST", `/containers/${id}/start`)).status, 400);
  const { told } = await eventsSince(since);
  assert.deepEqual(told, ["container create", "network disconnect"]);
  await engine.succeeds("DELETE", `/containers/${id}`);
});

test("a container without a network is in the one that is none", async () => {
  const since = Date.now() / 1000;
  const id = await engine.run(["sleep", "60"], { HostConfig: { NetworkMode: "none" } });
  const { objects } = await eventsSince(since);
  const connected = objects.find(({ Action }) => Action === "connect");
  assert.deepEqual(attributesOf(connected), { container: id, name: "none", type: "null" });
  await engine.succeeds("DELETE", `/containers/${id}?force=1`);
});

import assert from "node:assert/strict";
import { readdir, truncate } from "node:fs/promises";
import { createConnection } from "node:net";
import os from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { after, before, mock, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { asObject, requireText } from "../../src/client/json.ts";
import { machinesTo } from "../support/fake-machine/faults.ts";
import { fasterTime } from "../support/faster-time.ts";
import type { ScriptedGuest } from "../support/fake-machine/scripted-guest.ts";
import { dockerArchive, makeTar } from "../support/tar.ts";
import { TestEngine, type CreateOptions } from "../support/test-engine.ts";

const readyDeadlineMs = 10_000;
/** A machine of the pool goes through it twice after its template did so once. */
const rehearsals = 3;

let engine: TestEngine;
let time: Disposable;

before(async () => {
  // the pool isn't filled on a host that is short of memory
  mock.method(os, "freemem", () => os.totalmem());
  engine = await TestEngine.open({ templates: true, pool: 1 });
  time = fasterTime(10);
});
after(async () => {
  time?.[Symbol.dispose]();
  await engine?.[Symbol.asyncDispose]();
});

/** Guests that wait for a container, and have gone through all that they can ahead. */
function standing(): ScriptedGuest[] {
  return [...engine.script.guests].filter(
    ({ isSetUp, state }) => !isSetUp && state.rehearsals === rehearsals,
  );
}

/** Returns when so many machines stand ready, and none is being made. */
async function ready(count: number): Promise<ScriptedGuest[]> {
  const deadline = performance.now() + readyDeadlineMs;
  for (;;) {
    const idle = [...engine.script.guests].filter(({ isSetUp }) => !isSetUp);
    const found = standing();
    if (found.length === count && idle.length === count) return found;
    assert(performance.now() < deadline, `${found.length} machines stand ready, not ${count}`);
    await delay(100);
  }
}

/** A container that has run: how its start went. */
async function startOf(more: CreateOptions = {}, command = ["echo", "works"]) {
  const id = await engine.run(command, more);
  if (command[0] === "echo") assert.equal(await engine.wait(id), 0);
  return reportOf(id);
}

async function reportOf(id: string): Promise<{ Origin: unknown; MadeTemplate: unknown }> {
  const inspected = await engine.client.containers.inspect(id);
  const { Origin, MadeTemplate } = asObject(asObject(inspected["Dvm"])["Start"]);
  return { Origin, MadeTemplate };
}

const pooled = { Origin: "pool", MadeTemplate: false };
const cloned = { Origin: "clone", MadeTemplate: false };
const booted = { Origin: "cold", MadeTemplate: false };

test("the first start makes a template and clones it; then the pool is filled for the next", async () => {
  assert.deepEqual(await startOf(), { Origin: "clone", MadeTemplate: true });
  assert.equal((await engine.client.templates.list()).length, 1);
  const [guest] = await ready(1);
  assert.equal(guest?.board.spec.template?.use, "clone");
  const templates = await engine.client.templates.list();
  assert.equal(templates.length, 2);
  assert.equal(templates.filter(({ Image }) => Image !== "").length, 1);
});

test("a start takes the machine that stands ready, and another one takes its place", async () => {
  const [guest] = await ready(1);
  const id = await engine.run(["sleep", "60000"]);
  assert.deepEqual(await reportOf(id), pooled);
  assert.equal(guest?.isSetUp, true);
  const [next] = await ready(1);
  assert.notEqual(next, guest);
  await engine.succeeds("POST", `/containers/${id}/kill`);
});

test("a container tells the card that its machine has, and its ports lead into it", async () => {
  const [guest] = await ready(1);
  const HostConfig = { PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "0" }] } };
  const id = await engine.run(["sleep", "60000"], { HostConfig, ExposedPorts: { "80/tcp": {} } });
  assert.deepEqual(await reportOf(id), pooled);
  const network = asObject((await engine.client.containers.inspect(id))["NetworkSettings"]);
  assert.equal(network["MacAddress"], guest?.board.spec.nics[0]?.mac);
  assert.equal(engine.script.setups.at(-1)?.network.cards[0]?.mac, network["MacAddress"]);
  const [binding] = asObject(network["Ports"])["80/tcp"] as { HostPort: string }[];
  const connection = createConnection(Number(binding?.HostPort), "127.0.0.1");
  assert.equal(await text(connection), "guest port 80\n");
  await engine.succeeds("POST", `/containers/${id}/kill`);
});

test("a machine of the pool is taken over by a daemon that comes back", async () => {
  await ready(1);
  const id = await engine.run(["polite", "3"]);
  assert.deepEqual(await reportOf(id), pooled);
  await engine.printed(id, "ready");
  await engine.endDaemon();
  assert.equal((await readdir(join(engine.root, "run/machines"))).length, 1);
  assert.equal(engine.script.guests.size, 1);
  await engine.startDaemon();
  await engine.succeeds("POST", `/containers/${id}/stop`);
  assert.equal(await engine.status(id), "exited 3");
  assert.deepEqual(await startOf(), cloned);
  await ready(1);
});

test("a machine that dies while it stands ready is not handed out", async () => {
  const [guest] = await ready(1);
  guest?.board.leave();
  assert.equal((await startOf())["MadeTemplate"], false);
  await ready(1);
});

test("containers that no ready machine suits are cloned of a template without an image, or booted", async () => {
  await ready(1);
  assert.deepEqual(await startOf({ HostConfig: { Privileged: true } }), cloned);
  const other = await startOf({ HostConfig: { Privileged: true, Memory: 256 * 2 ** 20 } });
  assert.deepEqual(other, { Origin: "clone", MadeTemplate: true });
  assert.deepEqual(await startOf({ HostConfig: { Dvm: { NoTemplate: true } } }), booted);
});

test("a container that has run before is cloned with its disk, not taken from the pool", async () => {
  const id = await engine.run(["echo", "once"]);
  await engine.wait(id);
  await ready(1);
  await engine.succeeds("POST", `/containers/${id}/start`);
  await engine.wait(id);
  assert.equal((await reportOf(id))["Origin"], "clone");
  assert.equal(await engine.logs(id), "once\nonce\n");
});

test("with its image a ready machine goes, and the template that holds it", async () => {
  await ready(1);
  const layer = makeTar([{ path: "etc/other", content: "other\n" }]);
  const archive = Readable.from([makeTar(dockerArchive([layer], { name: "other:latest" }))]);
  for await (const progress of engine.client.images.load(archive, true)) assert(progress);
  const image = requireText(await engine.client.images.inspect("other"), "Id");
  const id = await engine.run(["echo", "works"], { Image: "other" });
  await engine.wait(id);
  await ready(2);
  const holding = async () =>
    (await engine.client.templates.list()).filter(({ Image }) => Image === image).length;
  assert.equal(await holding(), 1);
  await engine.succeeds("DELETE", `/containers/${id}`);
  await engine.client.images.remove("other", {});
  await ready(1);
  assert.equal(await holding(), 0);
});

test("a template whose clones don't come up is removed, and its container is booted", async () => {
  await using own = await TestEngine.open({ templates: true });
  const start = async () => {
    const id = await own.run(["echo", "works"]);
    assert.equal(await own.wait(id), 0);
    return asObject(asObject((await own.client.containers.inspect(id))["Dvm"])["Start"])["Origin"];
  };
  assert.equal(await start(), "clone");
  const [template] = await own.client.templates.list();
  own.script.faults.plan(
    "greeting",
    { does: "die", console: "lost its way\n" },
    machinesTo("clone"),
  );
  assert.equal(await start(), "cold");
  assert.deepEqual(await own.client.templates.list(), []);
  assert(
    own.log.some((line) => line.startsWith(`cannot use template ${String(template?.["Id"])}`)),
  );
  own.script.faults.clear();
  assert.equal(await start(), "clone");
});

for (const cards of [["user"], ["user", "tap"]] as const)
  test(`a template that was asked for serves ordinary containers, with cards ${cards.join()}`, async () => {
    await using own = await TestEngine.open({ templates: true, can: { cards } });
    const key = await own.client.templates.create({});
    const id = await own.run(["echo", "works"]);
    assert.equal(await own.wait(id), 0);
    const { Dvm } = await own.client.containers.inspect(id);
    assert.equal(asObject(asObject(Dvm)["Start"])["MadeTemplate"], false);
    const made = await own.client.templates.list();
    assert.deepEqual(
      made.map(({ Id }) => Id),
      [key],
    );
  });

test("a template that lost a part of itself is made anew", async () => {
  await using own = await TestEngine.open({ templates: true });
  const madeTemplate = async () => {
    const id = await own.run(["echo", "works"]);
    assert.equal(await own.wait(id), 0);
    const { Dvm } = await own.client.containers.inspect(id);
    return asObject(asObject(Dvm)["Start"])["MadeTemplate"];
  };
  assert.equal(await madeTemplate(), true);
  assert.equal(await madeTemplate(), false);
  const [template] = await own.client.templates.list();
  await truncate(join(own.root, "data/templates", String(template?.["Id"]), "state"), 5);
  assert.equal(await madeTemplate(), true);
});

test("a kind of machine that no template can be made of is booted, and not tried again", async () => {
  await using own = await TestEngine.open({ templates: true });
  own.script.faults.plan(
    "prepare",
    { does: "refuse", status: "internal", message: "not today" },
    machinesTo("make"),
  );
  for (let times = 0; times < 2; times += 1) {
    const id = await own.run(["echo", "works"]);
    assert.equal(await own.wait(id), 0);
  }
  const said = own.log.filter((line) => /^cannot make template .*not today/.test(line));
  assert.equal(said.length, 1);
});

test("a pool that can't be filled is given up, and starts go on by clones", async () => {
  await using own = await TestEngine.open({ templates: true, pool: 1 });
  const refusal = { does: "refuse", status: "internal", message: "no stage" } as const;
  own.script.faults.plan("rehearse", refusal, machinesTo("clone"));
  assert.equal(await own.wait(await own.run(["echo", "works"])), 0);
  const deadline = performance.now() + readyDeadlineMs;
  const isSaid = () =>
    own.log.some((line) => /cannot make a machine for the pool: no stage/.test(line));
  while (!isSaid() && performance.now() < deadline) await delay(100);
  assert(isSaid());
  assert.equal(own.script.guests.size, 0);
  assert.equal(await own.wait(await own.run(["echo", "works"])), 0);
});

test("a driver without templates boots every machine", async () => {
  await using own = await TestEngine.open({ templates: true, pool: 1, can: { templates: false } });
  const id = await own.run(["echo", "works"]);
  assert.equal(await own.wait(id), 0);
  const inspected = await own.client.containers.inspect(id);
  assert.equal(asObject(asObject(inspected["Dvm"])["Start"])["Origin"], "cold");
  assert.deepEqual(await own.client.templates.list(), []);
});

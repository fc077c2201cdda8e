import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { after, afterEach, before, suite, test } from "node:test";
import { jsonLines } from "../../src/client/json-lines.ts";
import { asObject, type JsonObject } from "../../src/client/json.ts";
import { Transport } from "../../src/client/transport.ts";
import { machineOf } from "../support/fake-machine/faults.ts";
import { fasterTime, type FasterTime } from "../support/faster-time.ts";
import { TestEngine } from "../support/test-engine.ts";
import { testImage } from "../support/test-image.ts";

let engine: TestEngine;
let time: FasterTime;

before(async () => {
  engine = await TestEngine.open();
  time = fasterTime(20);
});
afterEach(() => engine.script.faults.clear());
after(async () => {
  await engine?.[Symbol.asyncDispose]();
  time?.[Symbol.dispose]();
});

const post = (path: string) => engine.api("POST", `/containers/${path}`);
const nameOf = async (id: string) => (await engine.client.containers.inspect(id))["Name"];

interface StartInFlight {
  id: string;
  /** Lets the guest answer; gives the start's status. */
  finish: () => Promise<number>;
}

/** A start whose guest was asked to make the container, and hasn't answered yet. */
async function startInFlight(name: string, command = ["sleep", "6000"]): Promise<StartInFlight> {
  const id = await engine.create(command, { name });
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const after = () => {
    asked.resolve();
    return answer.promise;
  };
  engine.script.faults.plan("create", { does: "answer late", after }, machineOf(id));
  const starting = post(`${id}/start`);
  await asked.promise;
  return {
    id,
    finish: async () => {
      answer.resolve();
      return (await starting).status;
    },
  };
}

suite("a container that is renamed while it starts", () => {
  test("keeps its new name", async () => {
    const { id, finish } = await startInFlight("old-1");
    const renaming = post(`${id}/rename?name=new-1`);
    assert.equal(await finish(), 204);
    assert.equal((await renaming).status, 204);
    assert.equal(await nameOf(id), "/new-1");
    assert.equal((await engine.api("GET", "/containers/old-1/json")).status, 404);
    assert.equal(await engine.status("new-1"), "running 0");
  });

  test("keeps it when its start fails", async () => {
    const { id, finish } = await startInFlight("old-2", ["nope"]);
    const renaming = post(`${id}/rename?name=new-2`);
    assert.equal(await finish(), 400);
    assert.equal((await renaming).status, 204);
    assert.equal(await nameOf(id), "/new-2");
    assert.equal((await engine.state("new-2"))["ExitCode"], 127);
  });

  test("starts though somebody else has its old name by now", async () => {
    const { id, finish } = await startInFlight("old-3");
    const renaming = post(`${id}/rename?name=new-3`);
    const heir = engine
      .api("POST", "/containers/create?name=old-3", { Image: testImage })
      .then(({ status, body }) => ({ status, id: body["Id"] }));
    assert.equal(await finish(), 204);
    assert.equal((await renaming).status, 204);
    assert.equal(await nameOf(id), "/new-3");
    assert.equal(await engine.status(id), "running 0");
    const { status, id: heirId } = await heir;
    // who asks for the name while the rename still waits for the start may be refused
    assert(status === 201 || status === 409, String(status));
    if (status === 201) assert.equal(await nameOf(String(heirId)), "/old-3");
  });

  test("is known by its new name to a daemon that comes later", async () => {
    const { id, finish } = await startInFlight("old-4");
    const renaming = post(`${id}/rename?name=new-4`);
    await finish();
    await renaming;
    await engine.endDaemon();
    await engine.startDaemon();
    assert.equal(await nameOf(id), "/new-4");
  });
});

suite("a container that is removed while it starts", () => {
  for (const force of [0, 1]) {
    test(`leaves no machine that no container has, with force=${force}`, async () => {
      const { id, finish } = await startInFlight(`removed-${force}`);
      const removing = engine.api("DELETE", `/containers/${id}?force=${force}`);
      await finish();
      const { status } = await removing;
      const inspected = await engine.api("GET", `/containers/${id}/json`);
      assert.equal(status, force === 1 ? 204 : inspected.status === 404 ? 204 : 409);
      const guest = engine.guestOf(id);
      assert.equal(guest === undefined, inspected.status === 404);
      guest?.board.leave();
    });
  }
});

suite("the end of a container", () => {
  test("is in its state when `die` is announced", async () => {
    using transport = new Transport({ socketPath: engine.socketPath });
    const filters = JSON.stringify({ event: ["die"] });
    const events = await transport.open({ method: "GET", path: "/events", query: { filters } });
    const id = await engine.create(["exit", "3"]);
    const slowly = Promise.withResolvers<void>();
    const fault = { does: "answer late", after: () => slowly.promise } as const;
    engine.script.faults.plan("shutDown", fault, machineOf(id));
    const release = setTimeout(() => slowly.resolve(), 4_000);
    await engine.succeeds("POST", `/containers/${id}/start`);
    for await (const event of jsonLines(events)) {
      assert.equal(asObject(asObject(event)["Actor"])["ID"], id);
      assert.equal(await engine.status(id), "exited 3");
      break;
    }
    clearTimeout(release);
    slowly.resolve();
    await engine.wait(id);
  });

  test("a container with AutoRemove is restarted, not removed", async () => {
    const id = await engine.run(["polite", "0"], { HostConfig: { AutoRemove: true } });
    await engine.printed(id, "ready");
    assert.equal((await post(`${id}/restart`)).status, 204);
    assert.equal(await engine.status(id), "running 0");
  });
});

suite("signals", () => {
  test("that don't have a paused container go on wait until it does, and hold nobody up", async () => {
    const id = await engine.run(["polite", "7"], { StopSignal: "HUP" });
    await engine.printed(id, "ready");
    await engine.succeeds("POST", `/containers/${id}/pause`);
    const begin = performance.now();
    assert.equal((await post(`${id}/kill?signal=TERM`)).status, 204);
    const took = time.tookMs(begin);
    assert(took < 50_000, `it took ${took} ms`);
    assert.equal(await engine.status(id), "paused 0");
    await engine.succeeds("POST", `/containers/${id}/unpause`);
    assert.equal(await engine.wait(id), 7);
  });

  test("and whatever else is asked as it comes to stand still have their time when it goes on", async () => {
    const id = await engine.run(["sleep", "6000"]);
    engine.script.faults.plan("processes", { does: "nothing" }, machineOf(id));
    const asked = engine.api("GET", `/containers/${id}/top`);
    await engine.succeeds("POST", `/containers/${id}/pause`);
    await delay(90_000); // longer than a guest that runs may take
    assert.equal(await engine.status(id), "paused 0");
    await engine.succeeds("POST", `/containers/${id}/unpause`);
    await delay(30_000);
    assert.equal(await engine.status(id), "running 0");
    await engine.succeeds("DELETE", `/containers/${id}?force=1`);
    assert.equal((await asked).status, 500);
  });

  test("that the guest doesn't answer don't keep kill and stop from ending it", async () => {
    for (const request of ["kill", "stop?t=2"]) {
      const id = await engine.run(["sleep", "6000"]);
      engine.script.faults.plan("signal", { does: "nothing" }, machineOf(id));
      const begin = performance.now();
      assert.equal((await post(`${id}/${request}`)).status, 204);
      const took = time.tookMs(begin);
      assert(took < 50_000, `${request} took ${took} ms`);
      assert.equal(await engine.status(id), "exited 137");
      assert.equal(engine.guestOf(id), undefined);
    }
  });
});

suite("what create was asked for", () => {
  const create = (more: object) =>
    engine.api("POST", "/containers/create", { Image: testImage, Cmd: ["true"], ...more });
  const inspected = async (id: unknown): Promise<JsonObject> =>
    engine.client.containers.inspect(String(id));

  test("of restarts is kept as it was given, or refused by name", async () => {
    for (const RestartPolicy of [
      { Name: "on-failure", MaximumRetryCount: 3 },
      { Name: "always", MaximumRetryCount: 0 },
      { Name: "no", MaximumRetryCount: 2 },
    ]) {
      const { status, body } = await create({ HostConfig: { RestartPolicy } });
      if (status === 201) {
        const host = asObject((await inspected(body["Id"]))["HostConfig"]);
        assert.deepEqual(host["RestartPolicy"], RestartPolicy);
      } else assert.match(String(body["message"]), /restart policy/i);
    }
  });

  const endpoints: Record<string, unknown> = {
    Aliases: ["db"],
    IPAMConfig: { IPv4Address: "10.0.2.77" },
    Links: ["other:alias"],
    MacAddress: "02:00:00:00:00:99",
    DriverOpts: { option: "value" },
  };
  const refusals: Record<string, RegExp> = {
    Aliases: /network-scoped alias is supported only for containers in user defined networks/,
    IPAMConfig: /user specified IP address is supported on user defined networks only/,
  };
  for (const [field, value] of Object.entries(endpoints)) {
    test(`of a network's ${field} is kept, or refused by name`, async () => {
      const NetworkingConfig = { EndpointsConfig: { bridge: { [field]: value } } };
      const { status, body } = await create({ NetworkingConfig });
      if (status === 201) {
        const settings = asObject((await inspected(body["Id"]))["NetworkSettings"]);
        const bridge = asObject(asObject(settings["Networks"])["bridge"]);
        assert.deepEqual(bridge[field], value);
      } else assert.match(String(body["message"]), refusals[field] ?? /never/);
    });
  }

  test("of an endpoint without any setting is done as ever", async () => {
    const NetworkingConfig = { EndpointsConfig: { bridge: {} } };
    assert.equal((await create({ NetworkingConfig })).status, 201);
  });
});

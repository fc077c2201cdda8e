import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { TestEngine } from "../support/test-engine.ts";
import { testImage } from "../support/test-image.ts";

let engine: TestEngine;

before(async () => {
  engine = await TestEngine.open();
});
after(() => engine?.[Symbol.asyncDispose]());

const post = (path: string) => engine.api("POST", `/containers/${path}`);
const remove = (name: string) => engine.succeeds("DELETE", `/containers/${name}?force=1`);

suite("create", () => {
  test("a container that was created is listed, and nothing of it runs", async () => {
    const id = await engine.create(["sleep", "9"], { name: "made", Labels: { a: "b" } });
    const inspected = await engine.succeeds("GET", "/containers/made/json");
    assert.equal(inspected["Id"], id);
    assert.equal(inspected["Name"], "/made");
    assert.deepEqual([inspected["Path"], inspected["Args"]], ["sleep", ["9"]]);
    assert.equal(await engine.status(id.slice(0, 8)), "created 0");
    assert.equal(engine.script.guests.size, 0);
    assert.deepEqual(await engine.events(id), ["create"]);
    await remove("made");
  });

  test("a name that is taken, and one that can't be, are refused", async () => {
    await engine.create(["true"], { name: "taken" });
    const body = { Image: testImage };
    const again = await engine.api("POST", "/containers/create?name=taken", body);
    assert.equal(again.status, 409);
    assert.match(String(again.body["message"]), /name "\/taken" is already in use by container/);
    assert.equal((await engine.api("POST", "/containers/create?name=a/b", body)).status, 400);
    await remove("taken");
  });

  test("of those who ask for a name at once one gets it", async () => {
    const body = { Image: testImage, Cmd: ["true"] };
    const asking = Array.from({ length: 5 }, () =>
      engine.api("POST", "/containers/create?name=wanted", body),
    );
    const statuses = (await Promise.all(asking)).map(({ status }) => status);
    assert.deepEqual(
      statuses.toSorted((a, b) => a - b),
      [201, 409, 409, 409, 409],
    );
    await remove("wanted");
  });

  test("a container of an image that isn't there is refused", async () => {
    const answer = await engine.api("POST", "/containers/create", { Image: "absent" });
    assert.deepEqual(
      [answer.status, answer.body],
      [404, { message: "No such image: absent:latest" }],
    );
  });
});

suite("start", () => {
  test("a container ends with its program's code, and says so in this order", async () => {
    const id = await engine.create(["exit", "3"], { name: "ends" });
    await engine.succeeds("POST", "/containers/ends/start");
    assert.equal(await engine.wait(id), 3);
    assert.equal(await engine.status("ends"), "exited 3");
    assert.deepEqual(await engine.events(id), ["create", "start", "die"]);
    assert.equal(engine.script.guests.size, 0);
  });

  test("a container that runs has a start time and no end, and isn't started twice", async () => {
    const id = await engine.run(["sleep", "60"]);
    const state = await engine.state(id);
    assert.equal(state["Running"], true);
    assert.match(String(state["StartedAt"]), /^20\d\d-/);
    assert.equal(state["FinishedAt"], "0001-01-01T00:00:00Z");
    assert.equal((await post(`${id}/start`)).status, 304);
    assert.equal(engine.script.guests.size, 1);
    await remove(id);
  });

  test("a container that has ended is started again, as often as one likes", async () => {
    const id = await engine.run(["echo", "once more"]);
    for (let times = 0; times < 2; times += 1) {
      await engine.wait(id);
      await engine.succeeds("POST", `/containers/${id}/start`);
    }
    await engine.wait(id);
    assert.equal(await engine.logs(id), "once more\n".repeat(3));
  });

  test("two starts at once start one machine", async () => {
    const id = await engine.create(["sleep", "60"]);
    const answers = await Promise.all([post(`${id}/start`), post(`${id}/start`)]);
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((a, b) => a - b),
      [204, 304],
    );
    assert.equal(engine.script.guests.size, 1);
    await remove(id);
  });

  test("the guest is told what was asked for", async () => {
    const HostConfig = {
      Memory: 64 * 2 ** 20,
      NanoCpus: 1.5e9,
      PidsLimit: 50,
      ...{ CpuShares: 500, CpusetCpus: "0-1", MemoryReservation: 2 ** 23 },
      ReadonlyRootfs: true,
      ExtraHosts: ["db:10.1.1.1"],
      Sysctls: { "net.ipv4.ip_forward": "1" },
      Tmpfs: { "/scratch": "size=1m" },
    };
    const id = await engine.run(["env"], { Hostname: "guest", Env: ["A=1", "B=2"], HostConfig });
    await engine.wait(id);
    assert.match(await engine.logs(id), /^HOSTNAME=guest$[^]*^A=1$[^]*^B=2$/m);
    const setup = engine.script.setups.at(-1);
    assert.equal(setup?.hostname, "guest");
    assert.equal(setup?.machineId, id.slice(0, 32));
    assert.deepEqual(setup?.limits, {
      ...{ cpuQuotaUs: 150_000, cpuPeriodUs: 100_000, cpuWeight: 19, processors: "0-1" },
      ...{ memoryBytes: HostConfig.Memory, memoryLowBytes: 2 ** 23, processes: 50 },
    });
    assert.equal(setup?.readOnlyRoot, true);
    assert.match(setup?.naming.hosts ?? "", /^10\.1\.1\.1\tdb$/m);
    assert.deepEqual(setup?.sysctls, HostConfig.Sysctls);
    assert.deepEqual(
      setup?.mounts.map(({ kind, target, options }) => [kind, target, options]),
      [["tmpfs", "/scratch", "size=1m"]],
    );
    assert.deepEqual(
      setup?.network.cards.map(({ index, addresses }) => [index, addresses]),
      [[0, ["10.0.2.15/24"]]],
    );
  });
});

suite("stop", () => {
  test("a program that listens ends by itself, with a code of its own", async () => {
    const id = await engine.run(["polite", "7"]);
    await engine.printed(id, "ready");
    await engine.succeeds("POST", `/containers/${id}/stop`);
    assert.equal(await engine.status(id), "exited 7");
    assert.equal(await engine.logs(id), "ready\nbye\n");
    assert.deepEqual(await engine.events(id), ["create", "start", "kill", "stop", "die"]);
  });

  test("a program that doesn't listen is ended after its time", async () => {
    const id = await engine.run(["deaf", "15"]);
    await engine.printed(id, "ready");
    const begin = performance.now();
    await engine.succeeds("POST", `/containers/${id}/stop?t=1`);
    assert(performance.now() - begin >= 990);
    assert.equal(await engine.status(id), "exited 137");
    assert.equal(await engine.logs(id), "ready\nsignal 15\n");
  });

  test("the signal is the container's own, or the one that was asked for", async () => {
    const own = await engine.run(["sleep", "60"], { StopSignal: "SIGUSR1" });
    await engine.succeeds("POST", `/containers/${own}/stop`);
    assert.equal(await engine.status(own), "exited 138");
    const asked = await engine.run(["sleep", "60"]);
    await engine.succeeds("POST", `/containers/${asked}/stop?signal=INT`);
    assert.equal(await engine.status(asked), "exited 130");
  });

  test("a container that doesn't run is stopped already", async () => {
    const id = await engine.create(["true"]);
    assert.equal((await post(`${id}/stop`)).status, 304);
    assert.equal((await post("absent/stop")).status, 404);
  });
});

suite("kill", () => {
  test("SIGKILL ends it, another signal is its program's business", async () => {
    const id = await engine.run(["deaf", "1", "10"]);
    await engine.printed(id, "ready");
    await engine.succeeds("POST", `/containers/${id}/kill?signal=HUP`);
    await engine.printed(id, "signal 1\n");
    await engine.succeeds("POST", `/containers/${id}/kill?signal=10`);
    await engine.printed(id, "signal 10");
    assert.equal(await engine.status(id), "running 0");
    await engine.succeeds("POST", `/containers/${id}/kill`);
    assert.equal(await engine.status(id), "exited 137");
    assert.deepEqual(await engine.events(id), ["create", "start", "kill", "kill", "kill", "die"]);
  });

  test("an unknown signal and a container that doesn't run are refused", async () => {
    const id = await engine.run(["true"]);
    await engine.wait(id);
    const answer = await post(`${id}/kill`);
    assert.equal(answer.status, 409);
    assert.match(String(answer.body["message"]), /is not running/);
    assert.equal((await post(`${id}/kill?signal=NONE`)).status, 400);
  });
});

suite("restart", () => {
  test("a container that runs is ended and started in a new machine", async () => {
    const id = await engine.run(["polite", "0"]);
    await engine.printed(id, "ready");
    const [before] = engine.script.guests;
    await engine.succeeds("POST", `/containers/${id}/restart`);
    assert.equal(await engine.status(id), "running 0");
    assert.equal(engine.script.guests.size, 1);
    assert.notEqual([...engine.script.guests][0], before);
    await engine.printed(id, "bye\nready\n");
    assert.deepEqual(await engine.events(id), [
      ...["create", "start", "kill", "stop", "die", "start", "restart"],
    ]);
    await remove(id);
  });

  test("one that doesn't run is started", async () => {
    const id = await engine.create(["sleep", "60"]);
    await engine.succeeds("POST", `/containers/${id}/restart`);
    assert.equal(await engine.status(id), "running 0");
    await remove(id);
  });
});

suite("rename", () => {
  test("a container has its new name at once, whether it runs or not", async () => {
    const id = await engine.create(["sleep", "60"], { name: "before" });
    await engine.succeeds("POST", "/containers/before/rename?name=between");
    await engine.succeeds("POST", "/containers/between/start");
    await engine.succeeds("POST", "/containers/between/rename?name=after");
    assert.equal((await engine.succeeds("GET", "/containers/after/json"))["Id"], id);
    assert.equal((await engine.api("GET", "/containers/before/json")).status, 404);
    assert.deepEqual(await engine.events(id), ["create", "rename", "start", "rename"]);
    await remove("after");
  });

  test("a name that another container has is refused", async () => {
    await engine.create(["true"], { name: "first" });
    await engine.create(["true"], { name: "second" });
    assert.equal((await post("first/rename?name=second")).status, 409);
    assert.equal(await engine.status("first"), "created 0");
    await remove("first");
    await remove("second");
  });
});

suite("remove", () => {
  test("a container that runs is removed by force only", async () => {
    const id = await engine.run(["sleep", "60"]);
    const refused = await engine.api("DELETE", `/containers/${id}`);
    assert.equal(refused.status, 409);
    assert.match(String(refused.body["message"]), /container is running/);
    await remove(id);
    assert.equal((await engine.api("GET", `/containers/${id}/json`)).status, 404);
    assert.equal(engine.script.guests.size, 0);
    assert.deepEqual(await engine.events(id), ["create", "start", "kill", "die", "destroy"]);
  });

  test("with AutoRemove it goes when it has ended", async () => {
    const id = await engine.create(["exit", "4"], { HostConfig: { AutoRemove: true } });
    const { exit } = await engine.client.containers.wait(id, "removed");
    await engine.succeeds("POST", `/containers/${id}/start`);
    assert.equal((await exit).code, 4);
    assert.equal((await engine.api("GET", `/containers/${id}/json`)).status, 404);
    assert.deepEqual(await engine.events(id), ["create", "start", "die", "destroy"]);
  });

  test("prune takes what doesn't run, and nothing else", async () => {
    const ended = await engine.run(["true"], { Labels: { wanted: "no" } });
    const running = await engine.run(["sleep", "60"], { Labels: { wanted: "no" } });
    await engine.wait(ended);
    const filters = encodeURIComponent(JSON.stringify({ label: ["wanted=no"] }));
    const pruned = await engine.succeeds("POST", `/containers/prune?filters=${filters}`);
    assert.deepEqual(pruned["ContainersDeleted"], [ended]);
    assert.equal(await engine.status(running), "running 0");
    await remove(running);
  });
});

suite("wait", () => {
  test("not-running answers at once for a container that doesn't run", async () => {
    const id = await engine.run(["exit", "5"]);
    assert.equal(await engine.wait(id), 5);
    assert.equal(await engine.wait(id), 5);
    assert.equal(await engine.wait(await engine.create(["true"])), 0);
  });

  test("next-exit waits for an end to come, also of a start to come", async () => {
    const id = await engine.run(["exit", "6"]);
    await engine.wait(id);
    const { exit } = await engine.client.containers.wait(id, "next-exit");
    let answered = false;
    void exit.then(() => (answered = true));
    await engine.succeeds("GET", "/version");
    assert.equal(answered, false);
    await engine.succeeds("POST", `/containers/${id}/start`);
    assert.equal((await exit).code, 6);
  });

  test("next-exit and removed end when the container is removed", async () => {
    const id = await engine.create(["true"]);
    const nextExit = await engine.client.containers.wait(id, "next-exit");
    const removed = await engine.client.containers.wait(id, "removed");
    await remove(id);
    assert.equal((await nextExit.exit).code, 0);
    assert.equal((await removed.exit).code, 0);
  });

  test("a condition that nobody knows is refused", async () => {
    const id = await engine.create(["true"]);
    assert.equal((await post(`${id}/wait?condition=someday`)).status, 400);
  });
});

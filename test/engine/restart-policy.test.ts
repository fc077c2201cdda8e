import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { decideRestart, noRestarts, startsWithDaemon } from "../../src/engine/records.ts";
import type { JsonObject } from "../../src/client/json.ts";
import { TestEngine } from "../support/test-engine.ts";

let engine: TestEngine;

before(async () => {
  engine = await TestEngine.open();
});
after(() => engine?.[Symbol.asyncDispose]());

const post = (path: string) => engine.api("POST", `/containers/${path}`);
const remove = (name: string) => engine.succeeds("DELETE", `/containers/${name}?force=1`);
const policy = (Name: string, MaximumRetryCount = 0) => ({
  HostConfig: { RestartPolicy: { Name, MaximumRetryCount } },
});

/** Returns when inspect says so. */
async function becomes(name: string, is: (state: JsonObject) => boolean): Promise<JsonObject> {
  for (;;) {
    const inspected = await engine.succeeds("GET", `/containers/${name}/json`);
    const state: JsonObject = { ...(await engine.state(name)), count: inspected["RestartCount"] };
    if (is(state)) return state;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
const restarting = (state: JsonObject) => state["Status"] === "restarting";

suite("what is decided", () => {
  const record = (Name: string, MaximumRetryCount = 0) => ({
    request: { hostConfig: { RestartPolicy: { Name, MaximumRetryCount } } },
    restartCount: 0,
    restart: noRestarts,
  });

  test("the first restart is waited for by 100 ms, each further one twice as long, up to a minute", () => {
    let container = record("always");
    const delays = Array.from({ length: 12 }, () => {
      const restart = decideRestart(container, { exitCode: 0, ranMs: 9_999 });
      assert(restart !== undefined);
      container = { ...container, restart };
      return restart.delayMs;
    });
    assert.deepEqual(delays.slice(0, 4), [100, 200, 400, 800]);
    assert.deepEqual(delays.slice(-3), [51_200, 60_000, 60_000]);
    assert.equal(decideRestart(container, { exitCode: 0, ranMs: 10_000 })?.delayMs, 100);
  });

  test("on-failure looks at the exit code, and counts", () => {
    const container = record("on-failure", 2);
    assert.equal(decideRestart(container, { exitCode: 0, ranMs: 0 }), undefined);
    assert.notEqual(decideRestart(container, { exitCode: 1, ranMs: 0 }), undefined);
    const often = { ...container, restartCount: 2 };
    assert.equal(decideRestart(often, { exitCode: 1, ranMs: 0 }), undefined);
    const unlimited = { ...record("on-failure"), restartCount: 1000 };
    assert.notEqual(decideRestart(unlimited, { exitCode: 1, ranMs: 0 }), undefined);
  });

  test("who was to end stays ended, until a daemon comes: unless-stopped then, too", () => {
    for (const [name, withDaemon] of [
      ["always", true],
      ["unless-stopped", false],
    ] as const) {
      const restart = { delayMs: 0, isStoppedByHand: true, isFinal: true };
      const container = { ...record(name), restart };
      assert.equal(decideRestart(container, { exitCode: 1, ranMs: 0 }), undefined);
      assert.equal(startsWithDaemon(container, 1), withDaemon);
    }
  });
});

suite("a container that is restarted", () => {
  test("starts again and again, and says so", async () => {
    const id = await engine.run(["exit", "3"], { name: "again", ...policy("always") });
    const state = await becomes(id, (one) => Number(one["count"]) >= 2 && restarting(one));
    assert.deepEqual(
      [state["Running"], state["Restarting"], state["Paused"], state["Pid"], state["ExitCode"]],
      [true, true, false, 0, 3],
    );
    const [listed] = await engine.client.containers.list({ all: false });
    assert.equal(listed?.["State"], "restarting");
    assert.match(String(listed?.["Status"]), /^Restarting \(3\) .* ago$/);
    const told = await engine.events(id, ["start", "die", "kill", "stop"]);
    assert.deepEqual(told.slice(0, 4), ["start", "die", "start", "die"]);
    await remove("again");
  });

  test("is refused what needs processes, in Docker's words", async () => {
    const id = await engine.run(["exit", "1"], { name: "busy", ...policy("always") });
    await becomes(id, (one) => Number(one["count"]) >= 4 && restarting(one));
    const wait = `Container ${id} is restarting, wait until the container is running`;
    const answers = await Promise.all([
      engine.api("POST", `/containers/${id}/exec`, { Cmd: ["true"] }),
      post("busy/pause"),
      engine.api("GET", "/containers/busy/top"),
      post("busy/unpause"),
      engine.api("DELETE", "/containers/busy"),
      post("busy/start"),
    ]);
    assert.deepEqual(
      answers.map(({ status, body }) => [status, body["message"]]),
      [
        [409, wait],
        [409, wait],
        [409, wait],
        [500, `Container ${id} is not paused`],
        [
          409,
          'cannot remove container "busy": container is restarting: stop the container before removing or force remove',
        ],
        [304, undefined],
      ],
    );
    await remove("busy");
    assert.deepEqual(await engine.events(id, ["kill", "destroy"]), ["destroy"]);
  });

  test("stays ended after a stop or a kill, without a signal that nobody would get", async () => {
    for (const [how, told] of [
      ["stop", ["stop"]],
      ["kill", []],
    ] as const) {
      const id = await engine.run(["exit", "1"], policy("always"));
      await becomes(id, (one) => Number(one["count"]) >= 3 && restarting(one));
      const waiting = engine.wait(id);
      await engine.succeeds("POST", `/containers/${id}/${how}`);
      assert.equal(await waiting, 1);
      assert.equal(await engine.status(id), "exited 1");
      assert.deepEqual(await engine.events(id, ["kill", "stop"]), told);
      await remove(id);
    }
  });

  test("is started at once by a restart, which counts anew", async () => {
    const id = await engine.run(["exit", "1"], policy("always"));
    await becomes(id, (one) => Number(one["count"]) >= 4 && restarting(one));
    await engine.succeeds("POST", `/containers/${id}/restart`);
    const { count } = await becomes(id, restarting);
    assert(Number(count) < 4);
    await remove(id);
  });

  test("ends for good where its policy has had enough", async () => {
    const id = await engine.run(["exit", "2"], policy("on-failure", 2));
    const state = await becomes(id, (one) => one["Status"] === "exited");
    assert.deepEqual([state["count"], state["ExitCode"]], [2, 2]);
    const done = await engine.run(["true"], policy("on-failure"));
    await engine.wait(done);
    assert.equal(await engine.status(done), "exited 0");
  });

  test("ends for good where another start fails", async () => {
    const id = await engine.run(["exit", "4"], policy("always"));
    await becomes(id, restarting);
    engine.script.faults.plan("create", { does: "refuse", status: "internal", message: "no luck" });
    const state = await becomes(id, (one) => one["Status"] === "exited");
    engine.script.faults.clear();
    assert.equal(state["ExitCode"], 4);
    assert.match(String(state["Error"]), /no luck/);
    await remove(id);
  });

  test("lets go of those attached and of those who wait at each end", async () => {
    const id = await engine.create(["exit", "5"], policy("always"));
    const { exit } = await engine.client.containers.wait(id, "next-exit");
    await engine.succeeds("POST", `/containers/${id}/start`);
    assert.equal((await exit).code, 5);
    assert.equal(await engine.wait(id), 5);
    await remove(id);
  });
});

suite("with a policy", () => {
  test("a container that runs and is stopped stays so; killed from within it is started", async () => {
    const id = await engine.run(["polite", "0"], policy("unless-stopped"));
    await engine.printed(id, "ready");
    await engine.succeeds("POST", `/containers/${id}/stop`);
    assert.equal(await engine.status(id), "exited 0");
    await remove(id);
    const crashing = await engine.run(["crash"], policy("unless-stopped"));
    await becomes(crashing, (one) => Number(one["count"]) >= 1);
    await remove(crashing);
  });

  test("a signal that is not the container's own to stop lets its policy go on", async () => {
    const id = await engine.run(["sleep", "60"], { StopSignal: "SIGINT", ...policy("always") });
    await engine.succeeds("POST", `/containers/${id}/kill?signal=TERM`);
    await becomes(id, (one) => Number(one["count"]) >= 1);
    await remove(id);
  });

  test("--rm can't be", async () => {
    const body = { Image: "x", Cmd: ["true"], HostConfig: { AutoRemove: true } };
    const HostConfig = { ...body.HostConfig, ...policy("always").HostConfig };
    const answer = await engine.api("POST", "/containers/create", { ...body, HostConfig });
    assert.deepEqual(
      [answer.status, answer.body["message"]],
      [400, "can't create 'AutoRemove' container with restart policy"],
    );
  });
});

suite("a daemon that comes later", () => {
  test("goes on with restarts, and starts what policies want started", async () => {
    const again = await engine.run(["exit", "1"], policy("always"));
    await becomes(again, (one) => Number(one["count"]) >= 3 && restarting(one));
    const ids: string[] = [];
    for (const name of ["always", "unless-stopped"]) {
      const id = await engine.run(["sleep", "60"], policy(name));
      await engine.succeeds("POST", `/containers/${id}/stop`);
      ids.push(id);
    }
    const removed = await engine.create(["true"], { HostConfig: { AutoRemove: true } });
    await engine.endDaemon();
    await engine.startDaemon();
    const [always = "", unlessStopped = ""] = ids;
    await becomes(always, (one) => one["Status"] === "running");
    await becomes(again, (one) => Number(one["count"]) >= 4);
    assert.equal(await engine.status(unlessStopped), "exited 143");
    assert.equal((await engine.api("GET", `/containers/${removed}/json`)).status, 404);
    for (const id of [again, ...ids]) await remove(id);
  });

  test("starts many of them a few at a time", async () => {
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      const id = await engine.run(["sleep", "60"], policy("always"));
      await engine.succeeds("POST", `/containers/${id}/stop`);
      ids.push(id);
    }
    await engine.endDaemon();
    let [underWay, most] = [0, 0];
    const after = async () => {
      most = Math.max(most, (underWay += 1));
      await new Promise((resolve) => setTimeout(resolve, 30));
      underWay -= 1;
    };
    engine.script.faults.plan("setUp", { does: "answer late", after });
    await engine.startDaemon();
    for (const id of ids) await becomes(id, (one) => one["Status"] === "running");
    engine.script.faults.clear();
    assert(most <= 2, `${most} at once`);
    for (const id of ids) await remove(id);
  });
});

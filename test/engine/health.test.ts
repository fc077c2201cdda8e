import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { HealthReport, ProbeResult } from "../../src/agent/health.ts";
import { goDuration } from "../../src/base/go-duration.ts";
import { asObject, type JsonObject } from "../../src/client/json.ts";
import { TestEngine } from "../support/test-engine.ts";
import { testImage } from "../support/test-image.ts";

let engine: TestEngine;

before(async () => {
  engine = await TestEngine.open();
});
after(() => engine?.[Symbol.asyncDispose]());

const second = 1e9;
const remove = (name: string) => engine.succeeds("DELETE", `/containers/${name}?force=1`);

/** A container that runs, with what its agent was asked to check. */
async function checked(Healthcheck: object, more: object = {}) {
  const id = await engine.run(["sleep", "60"], { Healthcheck, ...more });
  return { id, check: () => askedOf(id) };
}

/** The agent hears of it when the start has been answered. */
async function askedOf(id: string) {
  await engine.succeeds("GET", `/containers/${id}/top`);
  return engine.guestOf(id)?.containers.get(id)?.healthCheck;
}

const good: ProbeResult = {
  ...{ end: "ran", exitCode: 0, isCut: false, output: Buffer.from("fine\n") },
  ...{ beganNs: 1_800_000_000_123_456_789n, endedNs: 1_800_000_001_000_000_001n },
};

function tell(id: string, report: Partial<HealthReport>): void {
  const whole: HealthReport = {
    ...{ container: id, status: "starting", failures: 0, probes: 0, isProbing: false },
    ...{ results: 0, last: [] },
    ...report,
  };
  engine.guestOf(id)?.tellHealth(whole);
}

async function health(id: string): Promise<JsonObject> {
  return asObject((await engine.state(id))["Health"]);
}

async function becomes(id: string, status: string): Promise<JsonObject> {
  let now = await health(id);
  for (let tries = 0; now["Status"] !== status; tries += 1) {
    assert(tries < 400, `it stays ${String(now["Status"])}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
    now = await health(id);
  }
  return now;
}

async function statusText(id: string): Promise<unknown> {
  const all = await engine.client.containers.list({ all: true });
  return all.find(({ Id }) => Id === id)?.["Status"];
}

/** What `ps --filter health=…` finds. */
async function found(value: string): Promise<unknown[]> {
  const list = await engine.client.containers.list({ filters: { health: [value] } });
  return list.map(({ Id }) => Id);
}

suite("what the agent is asked to check", () => {
  test("has Docker's defaults, and a shell for a line", async () => {
    const { id, check } = await checked(
      { Test: ["CMD-SHELL", "ls /"] },
      { Env: ["A=1"], User: "7" },
    );
    const { probe, ...rest } = (await check()) ?? assert.fail("nothing is checked");
    assert.deepEqual(rest, {
      ...{ intervalNs: 30 * second, timeoutNs: 30 * second },
      ...{ startPeriodNs: 0, startIntervalNs: 5 * second, retries: 3 },
    });
    assert.deepEqual(
      [probe.args, probe.user, probe.stdin],
      [["/bin/sh", "-c", "ls /"], "7", false],
    );
    assert(probe.env.includes("A=1"));
    await remove(id);
  });

  test("is what was asked for, by its own shell", async () => {
    const Healthcheck = {
      ...{ Test: ["CMD-SHELL", "x"], Interval: 5 * second, Timeout: 2 * second },
      ...{ StartPeriod: 3 * second, StartInterval: 1e6, Retries: 7 },
    };
    const { id, check } = await checked(Healthcheck, { Shell: ["/bin/bash", "-c"] });
    const { probe, ...rest } = (await check()) ?? assert.fail("nothing is checked");
    assert.deepEqual(rest, {
      ...{ intervalNs: 5 * second, timeoutNs: 2 * second },
      ...{ startPeriodNs: 3 * second, startIntervalNs: 1e6, retries: 7 },
    });
    assert.deepEqual(probe.args, ["/bin/bash", "-c", "x"]);
    const { Config } = await engine.succeeds("GET", `/containers/${id}/json`);
    assert.deepEqual(asObject(Config)["Healthcheck"], Healthcheck);
    await remove(id);
  });

  test("is nothing for NONE, for no test, and for a kind that nobody knows", async () => {
    for (const Test of [["NONE"], [], undefined, ["ODD", "x"]]) {
      const { id, check } = await checked({ Test, Interval: second });
      assert.equal(await check(), undefined);
      assert.equal((await engine.state(id))["Health"], undefined);
      assert.doesNotMatch(String(await statusText(id)), /health/);
      await remove(id);
    }
  });

  test("is refused in Docker's words where it can't be", async () => {
    for (const [field, value, message] of [
      ["Interval", 5, "Interval in Healthcheck cannot be less than 1ms"],
      ["Timeout", -5, "Timeout in Healthcheck cannot be less than 1ms"],
      ["Retries", -1, "Retries in Healthcheck cannot be negative"],
      ["StartPeriod", 10, "StartPeriod in Healthcheck cannot be less than 1ms"],
      ["StartInterval", 999_999, "StartInterval in Healthcheck cannot be less than 1ms"],
    ] as const) {
      const body = { Image: testImage, Cmd: ["true"], Healthcheck: { [field]: value } };
      const answer = await engine.api("POST", "/containers/create", body);
      assert.deepEqual([answer.status, answer.body], [400, { message }]);
    }
  });
});

suite("what the agent tells", () => {
  test("is the container's health, with each probe as an exec, and an event where it changes", async () => {
    const { id } = await checked({ Test: ["CMD", "probe", "-x"] });
    assert.deepEqual(await health(id), { Status: "starting", FailingStreak: 0, Log: [] });
    assert.match(String(await statusText(id)), /^Up .* \(health: starting\)$/);
    tell(id, { probes: 1, isProbing: true });
    tell(id, { probes: 1, status: "healthy", results: 1, last: [good] });
    assert.deepEqual(await becomes(id, "healthy"), {
      Status: "healthy",
      FailingStreak: 0,
      Log: [
        {
          Start: "2027-01-15T08:00:00.123456789Z",
          End: "2027-01-15T08:00:01.000000001Z",
          ExitCode: 0,
          Output: "fine\n",
        },
      ],
    });
    assert.match(String(await statusText(id)), /^Up .* \(healthy\)$/);
    const told = await engine.eventObjects(id);
    const actions = told.map(({ Action }) => Action);
    assert.deepEqual(actions.slice(2), [
      ...["exec_create: probe -x", "exec_start: probe -x", "exec_die", "health_status: healthy"],
    ]);
    const execIds = told
      .slice(2, 5)
      .map(({ Actor }) => asObject(asObject(Actor)["Attributes"])["execID"]);
    assert.equal(new Set(execIds).size, 1);
    await remove(id);
  });

  test("of a probe that took too long, could not be run, or said much is told as Docker tells it", async () => {
    const { id } = await checked({ Test: ["CMD", "probe"], Timeout: 1.5e9 });
    const failed = { ...good, exitCode: 126 };
    const last: ProbeResult[] = [
      { ...failed, end: "late" },
      { ...failed, end: "late", output: Buffer.alloc(0) },
      { ...failed, end: "failed", output: Buffer.from("no such program") },
      { ...failed, isCut: true, output: Buffer.from([0x61, 0xff]) },
    ];
    tell(id, { probes: 4, status: "unhealthy", failures: 4, results: 4, last });
    const { FailingStreak, Log } = await becomes(id, "unhealthy");
    assert.equal(FailingStreak, 4);
    assert(Array.isArray(Log));
    assert.deepEqual(
      Log.map((one) => [asObject(one)["ExitCode"], asObject(one)["Output"]]),
      [
        [-1, "Health check exceeded timeout (1.5s): fine\n"],
        [-1, "Health check exceeded timeout (1.5s)"],
        [
          -1,
          "OCI runtime exec failed: exec failed: unable to start container process: no such program",
        ],
        [126, "a\u{fffd}..."],
      ],
    );
    await remove(id);
  });

  test("is found by the filter of lists, which takes no other value", async () => {
    const { id } = await checked({ Test: ["CMD", "probe"] });
    const plain = await engine.run(["sleep", "60"]);
    assert.deepEqual([await found("starting"), await found("none")], [[id], [plain]]);
    tell(id, { probes: 1, status: "unhealthy", results: 1, failures: 1, last: [good] });
    await becomes(id, "unhealthy");
    assert.deepEqual([await found("unhealthy"), await found("healthy")], [[id], []]);
    await assert.rejects(
      found("odd"),
      /\(odd\): must be one of none, starting, healthy, unhealthy/,
    );
    await remove(id);
    await remove(plain);
  });
});

suite("a container that is checked", () => {
  test("is unhealthy while it is paused, without a word, and when it has ended", async () => {
    const { id } = await checked({ Test: ["CMD", "probe"] });
    tell(id, { probes: 1, status: "healthy", results: 1, last: [good] });
    await becomes(id, "healthy");
    await engine.succeeds("POST", `/containers/${id}/pause`);
    assert.equal((await health(id))["Status"], "unhealthy");
    assert.match(String(await statusText(id)), /^Up .* \(Paused\)$/);
    await engine.succeeds("POST", `/containers/${id}/unpause`);
    tell(id, { probes: 2, status: "healthy", results: 2, last: [good, good] });
    await becomes(id, "healthy");
    const told = await engine.events(id);
    assert.equal(told.filter((action) => action.startsWith("health_status")).length, 2);
    await engine.succeeds("POST", `/containers/${id}/kill`);
    assert.equal((await health(id))["Status"], "unhealthy");
    await engine.succeeds("POST", `/containers/${id}/start`);
    const again = await health(id);
    assert.deepEqual([again["Status"], again["FailingStreak"]], ["starting", 0]);
    assert(Array.isArray(again["Log"]) && again["Log"].length === 2);
    await remove(id);
  });

  test("keeps the last five probes", async () => {
    const { id } = await checked({ Test: ["CMD", "probe"] });
    for (let results = 1; results <= 7; results += 1) {
      const last = Array.from({ length: Math.min(results, 5) }, (_, at) => ({
        ...good,
        output: Buffer.from(String(Math.max(1, results - 4) + at)),
      }));
      const status = results === 7 ? "unhealthy" : "healthy";
      tell(id, { probes: results, status, results, last });
    }
    const { Log: log } = await becomes(id, "unhealthy");
    assert(Array.isArray(log));
    assert.deepEqual(
      log.map((one) => asObject(one)["Output"]),
      ["3", "4", "5", "6", "7"],
    );
    await remove(id);
  });

  test("is checked on while no daemon runs, and the next one hears of it", async () => {
    const { id } = await checked({ Test: ["CMD", "probe"] });
    const guest = engine.guestOf(id);
    await engine.endDaemon();
    guest?.tellHealth({
      ...{ container: id, status: "unhealthy", failures: 9, probes: 9, isProbing: false },
      ...{ results: 9, last: [good, good, good, good, { ...good, exitCode: 2 }] },
    });
    await engine.startDaemon();
    const { FailingStreak } = await becomes(id, "unhealthy");
    assert.equal(FailingStreak, 9);
    const told = await engine.events(id);
    assert.deepEqual(told, ["health_status: unhealthy"], "probes that nobody saw are no events");
    await remove(id);
  });
});

test("durations are as Go prints them", () => {
  const printed = [1.5e9, 30e9, 90e9, 3600e9, 3_661_500_000_000, 1e6, 1.5e6].map(goDuration);
  assert.deepEqual(printed, ["1.5s", "30s", "1m30s", "1h0m0s", "1h1m1.5s", "1ms", "1.5ms"]);
});

import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { FakeBoard } from "../../src/machine/drivers/fake/fake-guest.ts";
import { machineOf, type Fault, type FaultPoint } from "../support/fake-machine/faults.ts";
import { fasterTime, type FasterTime } from "../support/faster-time.ts";
import { TestEngine } from "../support/test-engine.ts";

let engine: TestEngine;
let time: FasterTime;

before(async () => {
  engine = await TestEngine.open();
  time = fasterTime(20);
});
after(async () => {
  await engine?.[Symbol.asyncDispose]();
  time?.[Symbol.dispose]();
});

/** A container whose machines have this fault. */
async function faulty(
  command: string[],
  at: FaultPoint,
  options: { fault?: Fault; HostConfig?: object } = {},
): Promise<string> {
  const { fault = { does: "nothing" }, HostConfig = {} } = options;
  const id = await engine.create(command, { HostConfig });
  engine.script.faults.plan(at, fault, machineOf(id));
  return id;
}

/** Not earlier; and not later by what a busy host could make of it. */
function assertTook(begin: number, expectedMs: number): void {
  const took = time.tookMs(begin);
  assert(took >= expectedMs && took < expectedMs + 45_000, `it took ${took} ms`);
}

const start = (id: string) => engine.api("POST", `/containers/${id}/start`);

suite("a guest that doesn't answer", { concurrency: true }, () => {
  test("a greeting fails its start after a minute", async () => {
    const Memory = 300 * 2 ** 20;
    const id = await engine.create(["true"], { HostConfig: { Memory } });
    const isIts = ({ board }: { board: FakeBoard }) => board.spec.memoryMiB === 356;
    engine.script.faults.plan("greeting", { does: "nothing" }, isIts);
    const begin = performance.now();
    const answer = await start(id);
    assertTook(begin, 60_000);
    assert.equal(answer.status, 504);
    const says = /its agent said nothing within 60 s; its console is empty/;
    assert.match(String(answer.body["message"]), says);
    assert.equal((await engine.state(id))["ExitCode"], 128);
    assert(![...engine.script.guests].some(isIts));
  });

  test("to make its container fails a start after a minute", async () => {
    const id = await faulty(["true"], "create");
    const begin = performance.now();
    const answer = await start(id);
    assertTook(begin, 60_000);
    assert.equal(answer.status, 504);
    assert.match(String(answer.body["message"]), /the agent did not answer within 60 s/);
    assert.equal(engine.guestOf(id), undefined);
  });

  test("any other request for a minute ends its container", async () => {
    const id = await faulty(["sleep", "6000"], "processes");
    await start(id);
    const begin = performance.now();
    assert.equal((await engine.api("GET", `/containers/${id}/top`)).status, 504);
    assertTook(begin, 60_000);
    assert.equal(await engine.wait(id), 255);
    assert.equal(engine.guestOf(id), undefined);
  });

  test("to take the time has it later: its container goes on after a second, and is kept", async () => {
    const id = await faulty(["sleep", "6000"], "setClock");
    await start(id);
    await engine.succeeds("POST", `/containers/${id}/pause`);
    const begin = performance.now();
    await engine.succeeds("POST", `/containers/${id}/unpause`);
    assertTook(begin, 1_000);
    while (time.tookMs(begin) < 150_000) await delay(100);
    assert.equal(await engine.status(id), "running 0");
    await engine.succeeds("POST", `/containers/${id}/kill`);
  });

  test("at its end is ended after ten seconds, with its program's code", async () => {
    const id = await faulty(["exit", "3"], "shutDown");
    const begin = performance.now();
    await start(id);
    assert.equal(await engine.wait(id), 3);
    assertTook(begin, 10_000);
    assert.equal(await engine.status(id), "exited 3");
    assert.equal(engine.guestOf(id), undefined);
  });

  test("by leaving, but by a word, is ended too", async () => {
    const id = await faulty(["exit", "4"], "shutDown", { fault: { does: "answer only" } });
    const begin = performance.now();
    await start(id);
    assert.equal(await engine.wait(id), 4);
    assertTook(begin, 10_000);
    assert.equal(engine.guestOf(id), undefined);
  });

  test("at its end isn't even asked when nothing of it is kept", async () => {
    let isAsked = false;
    const after = async () => (isAsked = true);
    const fault = { does: "answer late", after } as const;
    const HostConfig = { AutoRemove: true };
    const id = await faulty(["exit", "5"], "shutDown", { fault, HostConfig });
    const { exit } = await engine.client.containers.wait(id, "removed");
    await start(id);
    assert.equal((await exit).code, 5);
    assert.equal(isAsked, false);
  });
});

suite("a daemon that comes back", () => {
  test("ends a machine whose guest doesn't answer for ten seconds", async () => {
    const id = await engine.run(["sleep", "6000"]);
    await engine.endDaemon();
    engine.script.faults.plan("greeting", { does: "nothing" }, machineOf(id));
    const begin = performance.now();
    await engine.startDaemon();
    assertTook(begin, 10_000);
    assert.equal(await engine.status(id), "exited 255");
    assert.equal(engine.guestOf(id), undefined);
  });

  test("greets a guest again that stands in a frame which the last one left half-sent", async () => {
    const id = await engine.run(["polite", "6"]);
    await engine.printed(id, "ready");
    await engine.endDaemon();
    engine.script.faults.plan("greeting", { does: "stand in a frame" }, machineOf(id));
    const begin = performance.now();
    await engine.startDaemon();
    assertTook(begin, 3_000);
    await engine.succeeds("POST", `/containers/${id}/stop`);
    assert.equal(await engine.status(id), "exited 6");
  });
});

test("what a child of the program holds open is waited for, five seconds at most", async () => {
  const begin = performance.now();
  const id = await engine.run(["orphan", "8"]);
  assert.equal(await engine.wait(id), 8);
  assertTook(begin, 5_000);
  assert.equal(await engine.logs(id), "there is a child\n");
});

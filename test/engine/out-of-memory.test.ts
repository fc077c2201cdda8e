import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { TestEngine } from "../support/test-engine.ts";

let engine: TestEngine;

before(async () => {
  engine = await TestEngine.open();
});
after(() => engine?.[Symbol.asyncDispose]());

async function isOutOfMemory(id: string): Promise<void> {
  for (let tries = 0; (await engine.state(id))["OOMKilled"] !== true; tries += 1) {
    assert(tries < 400, "it isn't told");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("a process that is killed for want of memory is told at once, and by the end of its container", async () => {
  const id = await engine.run(["sleep", "60"]);
  engine.guestOf(id)?.tellMemoryKills(id, 1);
  await isOutOfMemory(id);
  assert.equal(await engine.status(id), "running 0");
  assert.deepEqual(await engine.events(id, ["oom", "die"]), ["oom"]);
  await engine.succeeds("POST", `/containers/${id}/stop`);
  assert.equal((await engine.state(id))["OOMKilled"], true);
  await engine.succeeds("POST", `/containers/${id}/start`);
  assert.equal((await engine.state(id))["OOMKilled"], false);
  await engine.succeeds("DELETE", `/containers/${id}?force=1`);
});

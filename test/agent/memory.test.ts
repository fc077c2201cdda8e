import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { noLimits } from "../../src/engine/plan/container-limits.ts";
import { AgentMachine, containerOn, firstLine, shell } from "../support/agent-machine.ts";

let guest: AgentMachine;

before(async () => {
  guest = await AgentMachine.boot({ slots: 1 });
  await guest.setUp();
  await guest.fill(0, "one");
});
after(() => guest?.[Symbol.asyncDispose]());

const id = "a";
const limits = { limits: { ...noLimits, memoryBytes: 24 * 2 ** 20 } };

/** The number that the agent tells, once it has. */
async function killsTold(): Promise<number> {
  let told = 0;
  guest.agent.onMemoryKills(id, (kills) => (told = kills));
  for (let tries = 0; told === 0; tries += 1) {
    assert(tries < 600, "nothing is told");
    await delay(50);
  }
  return told;
}

test("a child that is killed for want of memory is told of, while its parent lives, and again to the next host", async () => {
  const line = "tail /dev/zero; echo over; sleep 1000";
  const setup = containerOn(0, limits);
  const { stdout } = await guest.agent.launch({ id, setup, spec: shell(line) });
  assert.equal(await firstLine(stdout), "over\n");
  assert.equal(await killsTold(), 1);
  await guest.reconnect();
  const found = await guest.agent.resume();
  assert.equal(found.get(id)?.state, "started");
  assert.equal(await killsTold(), 1);
  await guest.agent.destroyContainer(id);
});

test("a first process that is killed so says it by its end", async () => {
  const setup = containerOn(0, limits);
  const process = await guest.agent.launch({
    ...{ id, setup },
    spec: shell("exec tail /dev/zero"),
  });
  assert.deepEqual(await process.exited, { exitCode: 137, oomKilled: true });
  await guest.agent.destroyContainer(id);
});

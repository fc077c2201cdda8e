import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  AgentMachine,
  containerOn,
  firstLine,
  run,
  shell,
  textOf,
} from "../support/agent-machine.ts";

let guest: AgentMachine;

before(async () => {
  guest = await AgentMachine.boot({ slots: 1 });
  await guest.setUp();
  await guest.fill(0, "one");
});
after(() => guest?.[Symbol.asyncDispose]());

const id = "a";
const [interrupt, user, terminate] = [2, 10, 15];
/** Takes its time before it listens. */
const slow =
  "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done; trap 'echo heard; exit 7' TERM; echo on";
const forever = "while :; do sleep 0.1; done";

test("a signal that comes before a program listens waits for it", async () => {
  const spec = shell(`${slow}; ${forever}`);
  const process = await guest.agent.launch({ id, setup: containerOn(0), spec });
  await process.signal(terminate);
  const [text, { exitCode }] = await Promise.all([textOf(process.stdout), process.exited]);
  assert.deepEqual([text, exitCode], ["on\nheard\n", 7]);
  await guest.agent.destroyContainer(id);
});

test("one that a program never listens to is lost, as the kernel has it, and SIGKILL waits for nothing", async () => {
  const spec = shell(`echo on; ${forever}`);
  const process = await guest.agent.launch({ id, setup: containerOn(0), spec });
  await firstLine(process.stdout);
  await process.signal(user);
  await process.signal(9);
  assert.equal((await process.exited).exitCode, 137);
  await guest.agent.destroyContainer(id);
});

test("a program that listens hears at once", async () => {
  const spec = shell(`trap 'exit 5' INT; echo on; ${forever}`);
  const process = await guest.agent.launch({ id, setup: containerOn(0), spec });
  await firstLine(process.stdout);
  const begin = performance.now();
  await process.signal(interrupt);
  assert.equal((await process.exited).exitCode, 5);
  assert(performance.now() - begin < 2_000);
  await guest.agent.destroyContainer(id);
});

test("an exec right after the start finds what the program does first, a busy program is not waited for", async () => {
  const { agent } = guest;
  const early = shell("echo hello > /early; sleep 1000");
  await agent.launch({ id, setup: containerOn(0), spec: early });
  assert.equal(await run(agent, id, "cat /early"), "hello\n");
  await agent.destroyContainer(id);
  await guest.empty(0);
  await guest.fill(0, "one");
  await agent.launch({ id, setup: containerOn(0), spec: shell("while :; do :; done") });
  assert.equal(await run(agent, id, "echo there"), "there\n");
  await agent.destroyContainer(id);
});

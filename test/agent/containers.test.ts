import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { GuestProcess } from "../../src/agent/agent-client.ts";
import {
  AgentMachine,
  containerOn,
  firstLine,
  run,
  shell,
  textOf,
} from "../support/agent-machine.ts";
import { noLimits } from "../../src/engine/plan/container-limits.ts";

let guest: AgentMachine;

before(async () => {
  guest = await AgentMachine.boot({ slots: 2 });
  await guest.setUp();
  await guest.fill(0, "one");
  await guest.fill(1, "two");
});
after(() => guest?.[Symbol.asyncDispose]());

/** Runs `a` and `b` on the two slots while `action` goes on, and takes both away. */
async function withTwo(
  lines: { a: string; b: string },
  action: (a: GuestProcess, b: GuestProcess) => Promise<void>,
  changes: Parameters<typeof containerOn>[1] = {},
): Promise<void> {
  const setup = containerOn(0, changes);
  const a = await guest.agent.launch({ id: "a", setup, spec: shell(lines.a) });
  const b = await guest.agent.launch({ id: "b", setup: containerOn(1), spec: shell(lines.b) });
  try {
    await action(a, b);
  } finally {
    for (const id of ["a", "b"]) await guest.agent.destroyContainer(id);
  }
}

const forever = "while :; do sleep 1; done";

test("two containers of a machine have roots, host names, processes and cgroups of their own", async () => {
  await withTwo({ a: forever, b: forever }, async () => {
    const { agent } = guest;
    const look = "cat /name; hostname; echo own > /file; ls /file; cat /proc/1/cgroup";
    assert.equal(await run(agent, "a", look), "one\nhost0\n/file\n0::/\n");
    assert.equal(await run(agent, "b", "cat /name; hostname; ls /file || true"), "two\nhost1\n");
    for (const id of ["a", "b"]) {
      const { processes } = await agent.processes(id);
      assert.equal(processes[0]?.pid, 1);
      assert(processes.length <= 2, `${processes.length} processes`);
    }
    assert.equal(await run(agent, "b", "ls -d /proc/[0-9]* | wc -l > /n; [ $(cat /n) -le 5 ]"), "");
  });
});

test("containers without a network of their own are in one", async () => {
  const isListening = "busybox grep -qs ':004D .* 0A ' /proc/net/tcp /proc/net/tcp6";
  await withTwo({ a: "busybox nc -l -p 77", b: forever }, async (a) => {
    await run(guest.agent, "b", `until ${isListening}; do sleep 0.1; done`);
    await a.signal(9);
    await run(guest.agent, "b", `while ${isListening}; do sleep 0.1; done`);
  });
});

test("one container ends while the other goes on, and both are there for the next host", async () => {
  await withTwo(
    {
      a: "echo a1; echo a2; exit 3",
      b: "echo b1; until [ -e /go ]; do sleep 0.1; done; sleep 1; echo b2; exit 4",
    },
    async (a) => {
      assert.deepEqual(await a.exited, { exitCode: 3, oomKilled: false });
      const agent = await guest.reconnect();
      const found = await agent.resume();
      assert.deepEqual([...found.keys()].sort(), ["a", "b"]);
      assert.equal(found.get("a")?.state, "ended");
      assert.equal(found.get("b")?.state, "started");
      const [mainA, mainB] = [found.get("a")?.main, found.get("b")?.main];
      assert(mainA !== undefined && mainB !== undefined);
      await run(agent, "b", "echo > /go");
      assert.equal(await textOf(mainA.stdout), "a1\na2\n");
      assert.equal(await textOf(mainB.stdout), "b1\nb2\n");
      assert.equal((await mainA.exited).exitCode, 3);
      assert.equal((await mainB.exited).exitCode, 4);
      // and once more: the agent keeps an exit code until the container is taken away
      const again = await (await guest.reconnect()).resume();
      assert.equal(again.get("b")?.state, "ended");
      assert.equal((await again.get("b")?.main?.exited)?.exitCode, 4);
    },
  );
});

test("a container that was taken away makes room for another image on the same disks", async () => {
  const { agent } = guest;
  await withTwo({ a: forever, b: forever }, async (_, b) => {
    await run(agent, "a", "echo of the first > /file");
    await agent.destroyContainer("a");
    await assert.rejects(agent.exec("a", shell("true")), { code: "not-found" });
    await guest.empty(0);
    await guest.fill(0, "three");
    const spec = shell(`cat /name; ls /file; ${forever}`);
    const third = await agent.launch({ id: "a", setup: containerOn(0), spec });
    assert.equal(await firstLine(third.stdout), "three\n");
    assert.match(await firstLine(third.stderr), /file: No such file/);
    assert.equal(await run(agent, "b", "cat /name"), "two\n");
    await agent.destroyContainer("a");
    await guest.empty(0);
    await guest.fill(0, "one");
    await agent.createContainer("a", containerOn(0));
    assert.equal(await Promise.race([b.exited, delay(50, "runs")]), "runs");
  });
});

test("what a container wrote is there for one of the same disks, after it was taken away", async () => {
  const { agent } = guest;
  const first = shell("echo kept > /file; head -c 3000000 /dev/zero > /zeros");
  const writing = await agent.launch({ id: "a", setup: containerOn(0), spec: first });
  assert.equal((await writing.exited).exitCode, 0);
  await agent.destroyContainer("a");
  const second = shell("cat /file; wc -c < /zeros");
  const reading = await agent.launch({ id: "a", setup: containerOn(0), spec: second });
  assert.equal(await textOf(reading.stdout), "kept\n3000000\n");
  await agent.destroyContainer("a");
});

test("taking a container away ends it, and its exit code comes", async () => {
  const { agent } = guest;
  for (const prepare of [async () => {}, () => agent.freeze("a")]) {
    const main = await agent.launch({ id: "a", setup: containerOn(0), spec: shell(forever) });
    const other = await agent.exec("a", shell(forever));
    await prepare();
    await agent.destroyContainer("a");
    assert.deepEqual(await main.exited, { exitCode: 137, oomKilled: false });
    assert.equal((await other.exited).exitCode, 137);
    assert.equal((await agent.resume()).size, 0);
  }
});

test("freezing one container leaves the other running", async () => {
  const counting = "while :; do echo >> /n; done";
  await withTwo({ a: counting, b: counting }, async () => {
    const { agent } = guest;
    const count = async (id: string) => Number(await run(agent, id, "wc -c < /n"));
    await delay(200);
    await agent.freeze("a");
    const used = async () => (await agent.statistics("a")).cpu.get("usage_usec") ?? 0;
    const statistics = await used();
    const before = await count("b");
    await delay(200);
    assert.equal(await used(), statistics);
    assert((await count("b")) > before);
    await agent.thaw("a");
    await delay(200);
    assert((await used()) > statistics);
  });
});

test("statistics are each container's own", async () => {
  const holding =
    "x=$(head -c 8000000 /dev/zero | busybox tr '\\0' x); echo ready; while :; do sleep 1; done";
  const setup = { limits: { ...noLimits, memoryBytes: 64 * 2 ** 20, processes: 50 } };
  await withTwo(
    { a: holding, b: `sleep 1000 & echo ready; ${forever}` },
    async (a, b) => {
      await firstLine(a.stdout);
      await firstLine(b.stdout);
      const [inA, inB] = [await guest.agent.statistics("a"), await guest.agent.statistics("b")];
      assert(inA.memoryUsedBytes > 8_000_000, `${inA.memoryUsedBytes}`);
      assert(inB.memoryUsedBytes < 6_000_000, `${inB.memoryUsedBytes}`);
      assert.equal(inA.memoryTotalBytes, 64 * 2 ** 20);
      assert(inB.memoryTotalBytes > 128 * 2 ** 20);
      assert(inA.pids < inB.pids, `${inA.pids}, ${inB.pids}`);
      const used = ({ cpu }: typeof inA) => cpu.get("usage_usec") ?? 0;
      assert(used(inA) > used(inB));
      assert((inA.memory.get("anon") ?? 0) > (inB.memory.get("anon") ?? 0));
      assert.deepEqual([inA.pidsLimit, inB.pidsLimit], [50, undefined]);
    },
    setup,
  );
});

test("a container that runs out of its memory is killed, and the other is not", async () => {
  await withTwo(
    { a: "x=$(head -c 90000000 /dev/zero | busybox tr '\\0' x); echo no", b: forever },
    async (a, b) => {
      assert.deepEqual(await a.exited, { exitCode: 137, oomKilled: true });
      assert.equal(await run(guest.agent, "b", "cat /name"), "two\n");
      await b.signal(9);
      assert.deepEqual(await b.exited, { exitCode: 137, oomKilled: false });
    },
    { limits: { ...noLimits, memoryBytes: 24 * 2 ** 20 } },
  );
});

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { GuestProcess } from "../../src/agent/agent-client.ts";
import { AgentMachine, containerOn, networkOf, run, shell } from "../support/agent-machine.ts";

let guest: AgentMachine;
const forever = shell("while :; do sleep 1; done");

before(async () => {
  guest = await AgentMachine.boot({ slots: 2 });
  await guest.setUp();
  for (const slot of [0, 1]) await guest.fill(slot, `image${slot}`);
});
after(() => guest?.[Symbol.asyncDispose]());

/** `first`, and `second`, which shares this of it. */
async function within(
  shares: { ipc?: string; pid?: string },
  action: (first: GuestProcess) => Promise<void>,
): Promise<void> {
  const { agent } = guest;
  const network = networkOf("apart");
  try {
    const first = await agent.launch({ id: "first", setup: containerOn(0), spec: forever });
    await agent.launch({ id: "second", setup: containerOn(1, { network, shares }), spec: forever });
    await action(first);
  } finally {
    for (const id of (await agent.resume()).keys()) await agent.destroyContainer(id);
  }
}

const within1 = (line: string) => run(guest.agent, "first", line);
const within2 = (line: string) => run(guest.agent, "second", line);
const namespaceOf = async (id: string, kind: string) =>
  (await run(guest.agent, id, `busybox readlink /proc/self/ns/${kind}`)).trim();

test("a container that shares another's IPC has its /dev/shm, and nothing else of it", async () => {
  await within({ ipc: "first" }, async () => {
    await within1("echo there > /dev/shm/seen");
    assert.equal(await within2("cat /dev/shm/seen"), "there\n");
    for (const kind of ["ipc", "pid", "uts", "mnt", "net"]) {
      const isSame = (await namespaceOf("first", kind)) === (await namespaceOf("second", kind));
      assert.equal(isSame, kind === "ipc", kind);
    }
    assert.equal(await within2("cat /name"), "image1\n");
  });
});

test("a container that shares another's processes sees them, and has its own counted", async () => {
  await within({ pid: "first" }, async () => {
    assert.equal(await namespaceOf("first", "pid"), await namespaceOf("second", "pid"));
    assert.notEqual(await namespaceOf("first", "ipc"), await namespaceOf("second", "ipc"));
    // by the environment's end: the shell's words are the same in both
    const seen = (await within2("ls /proc | busybox grep -c '^[0-9]'")).trim();
    assert(Number(seen) >= 4, seen);
    const { processes } = await guest.agent.processes("second");
    assert(processes.every(({ pid }) => pid > 1));
    assert.equal((await guest.agent.statistics("second")).pids, processes.length);
  });
});

test("who shares processes ends with the one whose they are, and not the other way round", async () => {
  const { agent } = guest;
  await within({ pid: "first", ipc: "first" }, async (first) => {
    await agent.destroyContainer("second");
    assert.equal(await within1("echo lives"), "lives\n");
    const setup = containerOn(1, { shares: { pid: "first" } });
    const second = await agent.launch({ id: "second", setup, spec: forever });
    await first.signal(9);
    assert.equal((await second.exited).exitCode, 137);
  });
});

test("a container can't share with one that is not there, or has ended", async () => {
  const { agent } = guest;
  await within({}, async (first) => {
    await agent.destroyContainer("second");
    const create = (shares: { ipc?: string; pid?: string }) =>
      agent.createContainer("second", containerOn(1, { shares }));
    await assert.rejects(create({ pid: "nobody" }), { code: "not-found" });
    await first.signal(9);
    await first.exited;
    for (const kind of ["ipc", "pid"])
      await assert.rejects(create({ [kind]: "first" }), /of container first: it has ended$/);
  });
});

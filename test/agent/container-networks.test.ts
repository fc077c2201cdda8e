import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  AgentMachine,
  containerOn,
  macOf,
  networkOf,
  run,
  shell,
} from "../support/agent-machine.ts";

let guest: AgentMachine;
const forever = shell("while :; do sleep 1; done");

before(async () => {
  guest = await AgentMachine.boot({ slots: 2, nics: 1 });
  await guest.setUp();
  for (const slot of [0, 1]) await guest.fill(slot, `image${slot}`);
});
after(() => guest?.[Symbol.asyncDispose]());

/** Runs containers `c0`, `c1` … in these networks while `action` goes on. */
async function within(
  networks: ReturnType<typeof networkOf>[],
  action: () => Promise<void>,
): Promise<void> {
  const { agent } = guest;
  try {
    for (const [slot, network] of networks.entries()) {
      const setup = containerOn(slot, { network });
      await agent.launch({ id: `c${slot}`, setup, spec: forever });
    }
    await action();
  } finally {
    for (const id of (await agent.resume()).keys()) await agent.destroyContainer(id);
  }
}

/** Cards but the loopback, each with its addresses. */
const cards = (id: string, machine = guest) =>
  run(
    machine.agent,
    id,
    "ip -o link | busybox grep -v ' lo: ' | busybox sed -E 's/^[0-9]+: ([^:@]+).*link.ether ([^ ]+).*/\\1 \\2/'; " +
      "ip -o -4 addr | busybox grep -v ' lo ' | busybox awk '{print $2, $4}'",
  );

test("cards are numbered as the machine has them, and keep their addresses unless told", async () => {
  await using two = await AgentMachine.boot({ slots: 1, nics: 2 });
  await two.setUp();
  await two.fill(0, "two-cards");
  const plain = networkOf("", [0, 1]);
  const network = { ...plain, cards: plain.cards.map((card) => ({ ...card, mac: "" })) };
  await two.agent.launch({ id: "c0", setup: containerOn(0, { network }), spec: forever });
  const seen = `eth0 ${macOf(0)}\neth1 ${macOf(1)}\neth0 10.0.2.15/24\neth1 10.0.3.15/24\n`;
  assert.equal(await cards("c0", two), seen);
  await two.agent.destroyContainer("c0");
  // one of them moves to where it is the first
  const moved = networkOf("pod", [1]);
  moved.cards = moved.cards.map((card) => ({ ...card, name: "eth0" }));
  await two.agent.launch({ id: "c0", setup: containerOn(0, { network: moved }), spec: forever });
  assert.equal(await cards("c0", two), `eth0 ${macOf(5)}\neth0 10.0.3.15/24\n`);
});

test("containers of one namespace share its card", async () => {
  for (const namespace of ["", "pod", ""]) {
    await within([networkOf(namespace, [0]), networkOf(namespace)], async () => {
      const seen = `eth0 ${macOf(4)}\neth0 10.0.2.15/24\n`;
      assert.equal(await cards("c0"), seen);
      assert.equal(await cards("c1"), seen);
    });
  }
});

test("a container with a namespace of its own has its own card, or only a loopback", async () => {
  const { agent } = guest;
  await within([networkOf("pod", [0]), networkOf("alone")], async () => {
    assert.equal(await cards("c1"), "");
    for (const id of ["c0", "c1"]) {
      assert.match(await run(agent, id, "ip addr show lo"), /LOOPBACK,UP.*127\.0\.0\.1/s);
      const found = id === "c0" ? "eth0\nlo\n" : "lo\n";
      assert.equal(await run(agent, id, "ls /sys/class/net"), found);
    }
    const counted = await Promise.all([agent.statistics("c0"), agent.statistics("c1")]);
    const names = counted.map(({ network }) => network.map(({ name }) => name));
    assert.deepEqual(names, [["eth0"], []]);
  });
});

test("whatever namespace it is in, a container may bind low ports and ping, unless told", async () => {
  const look = "cd /proc/sys/net; cat ipv4/ip_unprivileged_port_start ipv4/tcp_max_syn_backlog";
  await within([networkOf("pod", [0]), networkOf("alone")], async () => {
    for (const id of ["c0", "c1"]) {
      assert.equal(await run(guest.agent, id, look), "0\n4096\n");
      const groups = await run(guest.agent, id, "cat /proc/sys/net/ipv4/ping_group_range");
      assert.equal(groups, "0\t2147483647\n");
    }
  });
  const sysctls = { "net.ipv4.ip_unprivileged_port_start": "1024" };
  const told = containerOn(0, { network: networkOf("told"), sysctls });
  await guest.agent.launch({ id: "c0", setup: told, spec: forever });
  assert.equal(await run(guest.agent, "c0", look), "1024\n4096\n");
  await guest.agent.destroyContainer("c0");
});

test("a namespace outlives the container that made it, and goes with the last", async () => {
  const { agent } = guest;
  await within([networkOf("pod", [0]), networkOf("pod")], async () => {
    const seen = await cards("c1");
    await agent.destroyContainer("c0");
    assert.equal(await cards("c1"), seen);
    await agent.destroyContainer("c1");
    // its card is the machine's again, and can be another's
    const setup = containerOn(0, { network: networkOf("other", [0]) });
    await agent.launch({ id: "c0", setup, spec: forever });
    assert.equal(await cards("c0"), seen);
  });
});

test("a port of one namespace is none of another's", async () => {
  const { agent } = guest;
  const listening = "busybox grep -hs ':004D .* 0A ' /proc/net/tcp /proc/net/tcp6 | wc -l";
  await within([networkOf("one"), networkOf("two")], async () => {
    for (const id of ["c0", "c1"]) await agent.exec(id, shell("busybox nc -l -p 77"));
    for (const id of ["c0", "c1"])
      await run(agent, id, `until [ $(${listening}) = 1 ]; do sleep 0.1; done`);
  });
});

test("a card of the machine's own namespace is not taken from a container that has it", async () => {
  const setup = containerOn(1, { network: networkOf("pod", [0]) });
  await within([networkOf("", [0])], async () => {
    await assert.rejects(guest.agent.createContainer("c1", setup), /another namespace has it/);
    assert.match(await cards("c0"), /10\.0\.2\.15/);
  });
});

test("cards that are not there, taken, or come too late are refused, and nothing is left", async () => {
  const { agent } = guest;
  const create = (network: ReturnType<typeof networkOf>) =>
    agent.createContainer("c1", containerOn(1, { network }));
  await within([networkOf("pod", [0])], async () => {
    await assert.rejects(create(networkOf("pod", [0])), /others use the namespace already/);
    await assert.rejects(create(networkOf("a name", [])), { code: "invalid" });
    await assert.rejects(create(networkOf("other", [0])), /another namespace has it/);
    await assert.rejects(create(networkOf("other", [7])), /there is no network card 7/);
    assert.deepEqual([...(await agent.resume()).keys()], ["c0"]);
    await create(networkOf("other"));
  });
});

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { CardSetup } from "../../src/agent/agent-client.ts";
import { AgentMachine, containerOn, networkOf, run, shell } from "../support/agent-machine.ts";

let guest: AgentMachine;
const forever = shell("while :; do sleep 1; done");

before(async () => {
  guest = await AgentMachine.boot({ slots: 1, nics: 3 });
  await guest.setUp();
  await guest.fill(0, "image0");
});
after(() => guest?.[Symbol.asyncDispose]());

const mac = (index: number) => `02:42:ac:11:00:1${index}`;

/** Card `index` as `eth…` of this number. */
function card(index: number, changes: Partial<CardSetup> = {}): CardSetup {
  const name = `eth${index}`;
  return { index, name, mac: mac(index), addresses: [], gateways: [], mtu: 0, ...changes };
}

async function within(
  network: { namespace?: string; cards: CardSetup[] },
  action: () => Promise<void>,
): Promise<void> {
  const { agent } = guest;
  const setup = containerOn(0, { network: { ...networkOf(""), ...network } });
  try {
    await agent.launch({ id: "c0", setup, spec: forever });
    await action();
  } finally {
    for (const id of (await agent.resume()).keys()) await agent.destroyContainer(id);
  }
}

const inside = (line: string) => run(guest.agent, "c0", line);
const links = () => inside("ls /sys/class/net | busybox xargs");
/** As `ip` lists them, without scopes and life times. */
const addresses = async () =>
  (await inside("ip -o addr | busybox awk '{print $2, $4}'"))
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("lo ") && !line.includes(" fe80:"));
/** Default routes of both families. */
const defaults = async () =>
  (await inside("ip route; ip -6 route"))
    .split("\n")
    .flatMap((line) => /^default via \S+ dev \S+/.exec(line)?.[0] ?? []);

const both = {
  addresses: ["172.18.0.2/16", "fd00:18::2/64"],
  gateways: ["172.18.0.1", "fd00:18::1"],
};

test("a container sees the cards that it was given, and no others", async () => {
  for (const namespace of ["", "own"])
    await within({ namespace, cards: [card(0)] }, async () => {
      assert.equal(await links(), "eth0 lo\n");
      const counted = (await guest.agent.statistics("c0")).network;
      assert.deepEqual(
        counted.map(({ name }) => name),
        ["eth0"],
      );
    });
  await within({ cards: [] }, async () => assert.equal(await links(), "lo\n"));
});

test("a card has its name, MAC address, MTU, and addresses of both families that can be used at once", async () => {
  const only = card(2, { ...both, name: "lan", mtu: 1400 });
  await within({ cards: [only] }, async () => {
    assert.equal(await links(), "lan lo\n");
    assert.match(await inside("ip link show lan"), /UP.* mtu 1400 .*02:42:ac:11:00:12/s);
    assert.deepEqual(await addresses(), ["lan 172.18.0.2/16", "lan fd00:18::2/64"]);
    assert.doesNotMatch(await inside("ip -6 addr"), /tentative/);
    assert.match(await inside("ip -4 addr show lan"), /inet 172.18.0.2\/16 brd 172.18.255.255/);
    assert.deepEqual(await defaults(), [
      "default via 172.18.0.1 dev lan",
      "default via fd00:18::1 dev lan",
    ]);
  });
});

test("IPv6 is off on a card without such an address, and router advertisements are never taken", async () => {
  const setting = (name: string, what: string) =>
    inside(`cat /proc/sys/net/ipv6/conf/${name}/${what}`);
  const cards = [card(0, { addresses: ["172.17.0.2/16"] }), card(1, both)];
  await within({ cards }, async () => {
    assert.equal(await setting("eth0", "disable_ipv6"), "1\n");
    assert.equal(await setting("eth1", "disable_ipv6"), "0\n");
    assert.equal(await setting("eth1", "accept_ra"), "0\n");
    assert.match(await inside("ip -6 addr show lo"), /::1\/128/);
  });
});

test("a card comes into a container that runs, and leaves it again", async () => {
  const { agent } = guest;
  for (const namespace of ["", "own"]) {
    const first = card(0, { addresses: ["172.17.0.2/16"], gateways: ["172.17.0.1"] });
    await within({ namespace, cards: [first] }, async () => {
      await agent.attachCard("c0", card(1, both));
      assert.equal(await links(), "eth0 eth1 lo\n");
      assert.deepEqual(await addresses(), [
        "eth0 172.17.0.2/16",
        "eth1 172.18.0.2/16",
        "eth1 fd00:18::2/64",
      ]);
      // the last one that is given a gateway has the default route
      assert.deepEqual(await defaults(), [
        "default via 172.18.0.1 dev eth1",
        "default via fd00:18::1 dev eth1",
      ]);
      const counted = (await agent.statistics("c0")).network;
      assert.deepEqual(counted.map(({ name }) => name).sort(), ["eth0", "eth1"]);
      await agent.detachCard("c0", 1);
      await agent.detachCard("c0", 1);
      assert.equal(await links(), "eth0 lo\n");
      assert.deepEqual(await defaults(), []);
      await agent.attachCard("c0", first);
      assert.deepEqual(await defaults(), ["default via 172.17.0.1 dev eth0"]);
      // it comes back as another's, with nothing of what it had
      await agent.attachCard("c0", card(1, { name: "eth7", addresses: ["10.9.9.9/24"] }));
      assert.deepEqual(await addresses(), ["eth0 172.17.0.2/16", "eth7 10.9.9.9/24"]);
    });
  }
});

test("a card that is set up anew has what it is given, and nothing else", async () => {
  const { agent } = guest;
  await within({ cards: [card(0, both)] }, async () => {
    const other = { addresses: ["172.18.0.9/16"], gateways: ["172.18.0.254"], mac: mac(7) };
    await agent.attachCard("c0", card(0, other));
    assert.deepEqual(await addresses(), ["eth0 172.18.0.9/16"]);
    assert.deepEqual(await defaults(), ["default via 172.18.0.254 dev eth0"]);
    assert.match(await inside("ip link show eth0"), /02:42:ac:11:00:17/);
  });
});

test("settings of a card are made once it is there", async () => {
  const sysctls = { "net.ipv4.conf.eth1.log_martians": "1" };
  await within({ namespace: "own", cards: [card(1, { sysctls })] }, async () => {
    assert.equal(await inside("cat /proc/sys/net/ipv4/conf/eth1/log_martians"), "1\n");
  });
});

test("what can't be set up is refused, and no card is lost by it", async () => {
  const { agent } = guest;
  const refused: [Partial<CardSetup>, RegExp][] = [
    [{ addresses: ["172.18.0.300/16"] }, /^cannot use network address "172.18.0.300\/16"$/],
    [{ addresses: ["fd00::1/129"] }, /^cannot use network address "fd00::1\/129"$/],
    [{ addresses: ["10.0.0.1/"] }, /^cannot use network address/],
    [{ mac: "02:42" }, /^cannot use "02:42": it is no MAC address$/],
    [{ mtu: 2 ** 31 }, /^cannot set an MTU of 2147483648/],
    [{ name: "eth/1" }, /^cannot name a network card "eth\/1"$/],
    [{ name: "a-name-of-16-byte" }, /^cannot name a network card/],
    [{ name: "eth0" }, /^cannot name a network card eth0: there is one of this name$/],
    [
      { gateways: ["192.0.2.1"] },
      /^cannot set the default route to 192.0.2.1: network unreachable$/,
    ],
    [{ addresses: Array.from({ length: 9 }, (_, at) => `10.0.${at}.1/24`) }, /more than 8 addr/],
    [{ index: 3 }, /there is no network card 3$/],
    [{ index: 200 }, /there is no network card 200$/],
    [{ sysctls: { "net.../x": "1" } }, /is not a name$/],
  ];
  await within({ cards: [card(0)] }, async () => {
    for (const [changes, message] of refused) {
      await assert.rejects(agent.attachCard("c0", card(1, changes)), { message });
      await agent.detachCard("c0", 1);
    }
    await assert.rejects(agent.attachCard("nobody", card(1)), { code: "not-found" });
    await assert.rejects(agent.detachCard("nobody", 1), { code: "not-found" });
    await agent.attachCard("c0", card(1, both));
    assert.equal(await links(), "eth0 eth1 lo\n");
  });
});

test("a card that a program had is as new to the next one", async () => {
  await within({ cards: [card(0, both)] }, async () => {
    const root = { ...shell("ip addr add 10.7.7.7/24 dev eth0"), capabilities: 2n ** 40n - 1n };
    const process = await guest.agent.exec("c0", root);
    assert.equal((await process.exited).exitCode, 0);
    assert.match(await inside("ip addr"), /10\.7\.7\.7/);
  });
  await within({ cards: [card(0, { addresses: ["172.17.0.2/16"] })] }, async () => {
    assert.deepEqual(await addresses(), ["eth0 172.17.0.2/16"]);
  });
});

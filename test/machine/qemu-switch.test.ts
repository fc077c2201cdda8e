import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { AgentMachine, containerOn, networkOf, run, shell } from "../support/agent-machine.ts";
import { madeGuest } from "../support/made-guest.ts";
import { madeSwitch, testSwitch } from "../support/switch.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { testQemu } from "../support/test-qemu.ts";

const stack = new AsyncDisposableStack();
let network: ReturnType<typeof testSwitch>;
let refusal: string | undefined;
const machines: AgentMachine[] = [];
const forever = shell("while :; do sleep 1; done");

before(async () => {
  const folder = stack.use(await temporaryFolder());
  network = stack.use(testSwitch(folder.path));
  refusal = await network.unusable();
  if (refusal !== undefined) return;
  for (const at of [1, 2]) await network.setNetwork(networkNamed(at));
  for (const which of ["a", "b"]) {
    const machine = stack.use(await AgentMachine.boot({ slots: 1, nics: await cards(which) }));
    await machine.setUp();
    await machine.fill(0, which);
    machines.push(machine);
  }
});
after(() => stack.disposeAsync());

/** 172.18.0.0/16 is the first's, and so on. */
function networkNamed(at: number) {
  const traits = { internal: false, isolated: false, masquerade: true };
  const subnets = [
    { subnet: `172.${17 + at}.0.0/16`, gateway: `172.${17 + at}.0.1` },
    { subnet: `fd00:${at}::/64`, gateway: `fd00:${at}::1` },
  ];
  return { id: `network${at}`, bridge: `br-${at}`, mtu: 1500, subnets, ...traits };
}

async function cards(which: string, count = 3) {
  const source = { launcher: await madeSwitch(), descriptorSocket: network.descriptorSocket };
  return Array.from({ length: count }, (_, index) => ({
    ...{ kind: "tap" as const, mac: `02:00:00:00:00:0${index}`, interface: `t${which}${index}` },
    source,
  }));
}

/** Card `index` of machine `which`, as it is on network `at`. */
function place(which: "a" | "b", index: number, at: number) {
  const host = which === "a" ? 2 : 3;
  const mac = `02:42:ac:${17 + at}:00:0${host}`;
  const addresses = [`172.${17 + at}.0.${host}/16`, `fd00:${at}::${host}/64`];
  const named = { index, name: `eth${index}`, mac, addresses };
  return {
    attachment: { tap: `t${which}${index}`, network: `network${at}`, mac, addresses },
    card: { ...named, gateways: index === 0 ? [`172.${17 + at}.0.1`] : [], mtu: 1500 },
  };
}

test("machines on one network of the switch reach each other by both families, as connected or later", async (context) => {
  if (refusal !== undefined) return context.skip(refusal);
  const [a, b] = machines;
  assert(a !== undefined && b !== undefined);
  for (const [machine, which] of [[a, "a"] as const, [b, "b"] as const]) {
    const { attachment, card } = place(which, 0, 1);
    await network.attach(attachment);
    const setup = containerOn(0, { network: { ...networkOf(""), cards: [card] } });
    await machine.agent.launch({ id: which, setup, spec: forever });
  }
  await run(a.agent, "a", "busybox ping -c 1 -W 5 172.18.0.3 && busybox ping -c 1 -W 5 172.18.0.1");
  await run(a.agent, "a", "busybox ping -6 -c 1 -W 5 fd00:1::3");
  for (const [machine, which] of [[a, "a"] as const, [b, "b"] as const]) {
    const { attachment, card } = place(which, 1, 2);
    await network.attach(attachment);
    await machine.agent.attachCard(which, card);
  }
  await run(b.agent, "b", "busybox ping -c 1 -W 5 172.19.0.2");
  await run(b.agent, "b", "busybox ping -6 -c 1 -W 5 fd00:2::2");
  await network.detach("tb1");
  await b.agent.detachCard("b", 1);
  assert.doesNotMatch(await run(b.agent, "b", "ip addr"), /eth1|172\.19\./);
  await run(b.agent, "b", "busybox ping -c 1 -W 5 172.18.0.2");
});

test("what a guest sends in big pieces comes as it was sent", async (context) => {
  if (refusal !== undefined) return context.skip(refusal);
  const [a, b] = machines;
  assert(a !== undefined && b !== undefined);
  await run(b.agent, "b", "busybox dd if=/dev/urandom of=/tmp/sent bs=64k count=64 2>/dev/null");
  await run(b.agent, "b", "busybox httpd -p 8080 -h /tmp");
  const received = "busybox wget -qO- http://172.18.0.3:8080/sent | busybox md5sum";
  const sum = await run(b.agent, "b", "busybox md5sum < /tmp/sent");
  assert.equal(await run(a.agent, "a", received), sum);
});

test("a machine whose switch is not there says what is missing", async (context) => {
  await using folder = await temporaryFolder();
  const source = { launcher: await madeSwitch(), descriptorSocket: join(folder.path, "none") };
  const nics = [{ kind: "tap" as const, mac: "02:00:00:00:00:01", interface: "tnone", source }];
  const machine = await testQemu().start({ ...(await madeGuest(folder.path, "")), nics });
  const { failure, errors } = await machine.exited;
  context.diagnostic(errors);
  assert.equal(failure?.code, "unavailable");
  assert.match(failure.message, /^the machine's network card has no interface: .*cannot get/);
});

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { ContainerSetup } from "../../src/agent/agent-client.ts";
import {
  AgentMachine,
  containerOn,
  networkOf,
  run,
  shell,
  textOf,
} from "../support/agent-machine.ts";

const forever = shell("while :; do sleep 1; done");

/** A machine with two filled slots that has done ahead what it can for the first one. */
async function preparedMachine(image: boolean): Promise<AgentMachine> {
  const guest = await AgentMachine.boot({ slots: 2, nics: 1 });
  try {
    for (const [slot, name] of ["one", "two"].entries()) await guest.fill(slot, name);
    const { disks } = containerOn(0);
    const { cards } = networkOf("", [0]);
    await guest.agent.prepare({ disks, newScratch: true, image, cards });
    await assert.rejects(guest.agent.prepare({ disks, newScratch: true, image, cards }), {
      code: "conflict",
    });
    return guest;
  } catch (error) {
    await guest[Symbol.asyncDispose]();
    throw error;
  }
}

for (const image of [false, true]) {
  const what = image ? "with its image" : "without an image";
  test(`a machine that was prepared ${what} serves the container that it was prepared for`, async () => {
    await using guest = await preparedMachine(image);
    const { agent } = guest;
    assert.equal((await agent.resume()).size, 0);
    const machine = { entropy: randomBytes(64) };
    const rehearsed = containerOn(0, { hostname: "rehearsal", network: networkOf("", [0]) });
    if (image) await agent.rehearse(machine, rehearsed, forever);
    else await assert.rejects(agent.rehearse(machine, rehearsed, forever), { code: "conflict" });
    assert.equal((await agent.resume()).size, 0);
    await assert.rejects(agent.start("", forever), { code: "not-found" });
    const setup = containerOn(0, { network: networkOf("", [0]) });
    const spec = shell("cat /name; hostname; cat /etc/hostname; echo kept > /file; cat /file");
    const main = await agent.launch({ machine, id: "a", setup, spec });
    assert.equal(await textOf(main.stdout), "one\nhost0\nhost0\nkept\n");
    const other = { id: "b", setup: containerOn(1), spec: shell("cat /name; hostname") };
    assert.equal(await textOf((await agent.launch(other)).stdout), "two\nhost1\n");
    for (const id of ["a", "b"]) await agent.destroyContainer(id);
    // both places are free for any container now
    const again = { id: "c", setup, spec: shell("cat /name /file") };
    assert.equal(await textOf((await agent.launch(again)).stdout), "one\nkept\n");
  });
}

const others: { what: string; setup: ContainerSetup; prints: string }[] = [
  { what: "on other disks", setup: containerOn(1), prints: "two\n" },
  {
    what: "in another network",
    setup: containerOn(0, { network: networkOf("x") }),
    prints: "one\n",
  },
  { what: "with privileges", setup: containerOn(0, { privileged: true }), prints: "one\n" },
  {
    what: "with sysctls",
    setup: containerOn(0, { sysctls: { "kernel.domainname": "of-a-sysctl" } }),
    prints: "one\nof-a-sysctl\n",
  },
  {
    what: "with a mount on /dev",
    setup: containerOn(0, {
      mounts: [{ kind: "tmpfs", target: "/dev/mine", readOnly: false, options: "size=64k" }],
    }),
    prints: "one\ntmpfs /dev/mine\n",
  },
];

for (const { what, setup, prints } of others) {
  test(`of a machine that was prepared for another, a container ${what} gets all that it asked for`, async () => {
    await using guest = await preparedMachine(true);
    const machine = { entropy: randomBytes(64) };
    const look =
      "cat /name; busybox grep of-a-sysctl /proc/sys/kernel/domainname; " +
      "busybox awk '$2 == \"/dev/mine\" {print $1, $2}' /proc/mounts";
    const spec = shell(look, { privileged: setup.privileged });
    const main = await guest.agent.launch({ machine, id: "a", setup, spec });
    assert.equal(await textOf(main.stdout), prints);
    await guest.agent.destroyContainer("a");
    // what was prepared was given up for it: its disks are free
    await guest.agent.launch({ id: "b", setup: containerOn(0), spec: forever });
    assert.equal(await run(guest.agent, "b", "cat /name"), "one\n");
  });
}

import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { createConnection, createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { describeError } from "../../src/base/errors.ts";
import type {
  DiskContent,
  Machine,
  MachineSpec,
  NicSpec,
  PublishedPort,
} from "../../src/machine/machine.ts";
import { userNetwork } from "../../src/network/user-network.ts";
import { conversation } from "../support/guest-conversation.ts";
import { guestPort, lineCommand, portGreeting } from "../support/line-commands.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { refuses, type Expected, type Started, type WithMachine } from "./conformance-parts.ts";

const diskBytes = 2 ** 20;
const nothing: DiskContent = { format: "empty", bytes: diskBytes, readOnly: true };
const mac = "02:00:00:00:00:17";
const connectDeadlineMs = 10_000;

/** Disks, network cards and ports: what a guest sees of them is what was asked for. */
export function deviceConformance(
  name: string,
  withMachine: WithMachine,
  expected: Expected,
): void {
  diskConformance(name, withMachine, expected);
  if (expected.diskExchange) exchangeConformance(name, withMachine, expected);
  if (expected.cards.includes("user")) cardConformance(name, withMachine);
  if (expected.cards.includes("user") && expected.publishing) portConformance(name, withMachine);
  if (expected.fileSharing) filesConformance(name, withMachine);
  refusalConformance(name, withMachine, expected);
}

function diskConformance(name: string, withMachine: WithMachine, expected: Expected): void {
  test(`${name}: a guest finds its disks by their names, and writes to those it may`, async () => {
    await using folder = await temporaryFolder();
    const first = { ...(await makeDisk(folder.path, "first")), name: "image0", readOnly: true };
    const second = { ...(await makeDisk(folder.path, "second")), name: "scratch0" };
    await asking(withMachine, { disks: [first, second] }, async (ask) => {
      assert.equal(await ask(lineCommand.readDisk("scratch0")), "second");
      assert.equal(await ask(lineCommand.readDisk("image0")), "first");
      assert.equal(await ask(lineCommand.writeDisk("image0", "spoiled")), "refused");
      assert.equal(await ask(lineCommand.writeDisk("scratch0", "changed")), "written");
      assert.equal(await ask(lineCommand.readDisk("scratch0")), "changed");
    });
    assert.match(await readFile(first.path, "latin1"), /^first\n/);
    assert.match(await readFile(second.path, "latin1"), /^changed\n/);
  });

  if (!expected.diskFormats.includes("empty")) return;
  test(`${name}: an empty disk holds nothing`, async () => {
    await asking(withMachine, { disks: [{ ...nothing, name: "image0" }] }, async (ask) => {
      assert.equal(await ask(lineCommand.readDisk("image0")), "nothing");
    });
  });
}

function exchangeConformance(name: string, withMachine: WithMachine, expected: Expected): void {
  const empty = ["image0", "image1"].map((name) => ({ ...nothing, name }));

  test(`${name}: a disk that is put in while the guest runs is what it reads`, async () => {
    await using folder = await temporaryFolder();
    const disk = { ...(await makeDisk(folder.path, "inserted")), readOnly: true };
    await asking(withMachine, { disks: empty }, async (ask, machine) => {
      assert.equal(await ask("a"), "a");
      await machine.insertDisk("image1", disk);
      assert.equal(await ask(lineCommand.readDisk("image1")), "inserted");
      assert.equal(await ask(lineCommand.writeDisk("image1", "spoiled")), "refused");
      assert.equal(await ask(lineCommand.readDisk("image0")), "nothing");
    });
  });

  if (!expected.templates) return;
  test(`${name}: a machine is saved when its disk was taken out, and its clone has another one`, async () => {
    await using folder = await temporaryFolder();
    await using saved = await temporaryFolder();
    const disk = { ...(await makeDisk(folder.path, "of-the-template")), readOnly: true };
    const other = { ...(await makeDisk(folder.path, "of-the-clone")), readOnly: true };
    const template = (use: "make" | "clone") => ({ template: { folder: saved.path, use } });
    await asking(withMachine, { disks: empty, ...template("make") }, async (ask, machine) => {
      assert.equal(await ask("a"), "a");
      await machine.insertDisk("image0", disk);
      await machine.pause();
      await machine.ejectDisk("image0", nothing);
      await machine.save();
      await machine.exited;
    });
    const disks = [{ ...other, name: "image0" }, ...empty.slice(1)];
    await asking(withMachine, { disks, ...template("clone") }, async (ask) => {
      assert.equal(await ask(lineCommand.readDisk("image0")), "of-the-clone");
    });
  });
}

function cardConformance(name: string, withMachine: WithMachine): void {
  test(`${name}: a guest has the cards that were asked for`, async () => {
    await asking(withMachine, { nics: [card()] }, async (ask) => {
      assert.equal(await ask(lineCommand.card(0)), mac);
      assert.equal(await ask(lineCommand.card(1)), "none");
    });
    await asking(withMachine, {}, async (ask) => {
      assert.equal(await ask(lineCommand.card(0)), "none");
    });
  });
}

function portConformance(name: string, withMachine: WithMachine): void {
  test(`${name}: a published port of the host leads into the guest, until the machine goes`, async () => {
    const port = await freePort();
    await asking(withMachine, { nics: [card(port)] }, async (ask) => {
      assert.equal(await ask("up?"), "up?");
      assert.equal(await greeting(port), portGreeting);
    });
    await assert.rejects(read(port), { code: "ECONNREFUSED" });
  });

  test(`${name}: a port of the host that is taken is an error, and no machine stays`, async () => {
    await using taken = await holdPort();
    await withMachine(async ({ hypervisor, full }) => {
      const failure = await hypervisor
        .start({ ...full, nics: [card(taken.port)] })
        .then(async ({ exited }) => (await exited).failure?.message, describeError);
      assert.match(failure ?? "", new RegExp(`\\b${taken.port.hostPort}\\b`));
      assert.equal(await hypervisor.find(full.id, full.runFolder), undefined);
    });
  });

  test(`${name}: a port that is published later leads into the guest; a taken one is refused`, async () => {
    await using taken = await holdPort();
    const port = await freePort();
    await asking(withMachine, { nics: [card()] }, async (ask, machine) => {
      assert.equal(await ask("up?"), "up?");
      await assert.rejects(machine.publish([taken.port]), { code: "unavailable" });
      await machine.publish([port]);
      assert.equal(await greeting(port), portGreeting);
    });
  });
}

function filesConformance(name: string, withMachine: WithMachine): void {
  test(`${name}: what a guest writes to its port for files comes to its socket, and back`, async () => {
    await asking(withMachine, {}, async (ask, machine) => {
      assert.equal(await ask("up?"), "up?");
      const server = createConnection(machine.filesSocket);
      try {
        await once(server, "connect");
        server.write("of the host\n");
        const [[said]] = await Promise.all([once(server, "data"), ask(lineCommand.files("word"))]);
        assert.equal(String(said), "word: of the host\n");
      } finally {
        server.destroy();
      }
    });
  });
}

/** What a driver says that it can't do, it refuses, and nothing of it stays. */
function refusalConformance(name: string, withMachine: WithMachine, expected: Expected): void {
  const port: PublishedPort = {
    ...{ protocol: "tcp", hostAddress: "127.0.0.1", hostPort: 1, guestPort },
  };
  const wrong: [boolean, string, (folder: string) => Partial<MachineSpec>][] = [
    [
      expected.diskFormats.includes("empty"),
      "an empty disk",
      () => ({ disks: [{ ...nothing, name: "image0" }] }),
    ],
    [expected.cards.includes("user"), "a network card", () => ({ nics: [card()] })],
    [
      expected.cards.includes("tap"),
      "a card behind a TAP interface",
      () => ({ nics: [{ kind: "tap", mac, interface: "none" }] }),
    ],
    [expected.publishing, "a published port", () => ({ nics: [card(port)] })],
  ];
  for (const [canDo, what, parts] of wrong) {
    if (canDo) continue;
    test(`${name}: ${what} is refused, and starts nothing`, async () => {
      await withMachine(async ({ hypervisor, full }) => {
        await refuses(() => hypervisor.start({ ...full, ...parts(full.runFolder) }));
        assert.equal(await hypervisor.find(full.id, full.runFolder), undefined);
      });
    });
  }

  if (expected.publishing && expected.diskExchange) return;
  test(`${name}: what it can't do while a machine runs is refused then`, async () => {
    await asking(withMachine, {}, async (ask, machine) => {
      assert.equal(await ask("a"), "a");
      if (!expected.publishing) await refuses(() => machine.publish([port]));
      if (expected.diskExchange) return;
      await refuses(() => machine.insertDisk("image0", nothing));
      await refuses(() => machine.ejectDisk("image0", nothing));
    });
  });
}

function card(...publish: PublishedPort[]): NicSpec {
  return { kind: "user", mac, network: userNetwork, publish };
}

type Ask = (line: string) => Promise<string>;

/** Starts a machine with these parts; `ask` gives what its guest says to a line. */
async function asking(
  withMachine: WithMachine,
  parts: Partial<MachineSpec>,
  action: (ask: Ask, machine: Machine) => Promise<void>,
): Promise<void> {
  await withMachine(async ({ hypervisor, full }: Started) => {
    const machine = await hypervisor.start({ ...full, ...parts });
    try {
      const ask = async (line: string) => {
        const [answer = ""] = await conversation(machine.agentSocket, [line]);
        return answer.replace(/^\d+ /, "");
      };
      await action(ask, machine);
    } finally {
      await machine.kill();
    }
  });
}

async function makeDisk(folder: string, line: string): Promise<DiskContent & { path: string }> {
  const path = join(folder, `${line}.img`);
  await using file = await open(path, "w");
  await file.write(`${line}\n`);
  await file.truncate(diskBytes);
  return { format: "raw", path, readOnly: false };
}

/** A port of the host that is taken until the test has ended. */
async function holdPort(): Promise<AsyncDisposable & { port: PublishedPort }> {
  const server = await new Promise<Server>((resolve) => {
    const made = createServer();
    // none of those that the kernel gives to other connections, once this one lets go
    const listen = () => made.listen(randomInt(20_000, 32_000), "127.0.0.1", () => resolve(made));
    made.on("error", listen);
    listen();
  });
  const { port: hostPort } = server.address() as AddressInfo;
  return {
    port: { protocol: "tcp", hostAddress: "127.0.0.1", hostPort, guestPort },
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

async function freePort(): Promise<PublishedPort> {
  await using held = await holdPort();
  return held.port;
}

/** What the guest says to who connects; it may take a moment until it listens. */
async function greeting(port: PublishedPort): Promise<string> {
  const deadline = performance.now() + connectDeadlineMs;
  for (;;) {
    const answer = (await read(port).catch(() => "")).trim();
    if (answer !== "" || performance.now() > deadline) return answer;
    await delay(100);
  }
}

function read({ hostAddress, hostPort }: PublishedPort): Promise<string> {
  return text(createConnection(hostPort, hostAddress));
}

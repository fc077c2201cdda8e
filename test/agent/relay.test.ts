import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { forwarderProgram } from "../../src/host/forwarder-program.ts";
import { madeBinary } from "../../src/host/made-binary.ts";
import { Forwarder } from "../../src/network/forwarder.ts";
import type { ContainerNames } from "../../src/network/names/container-names.ts";
import { type Names, namesIn } from "../../src/network/names/names.ts";
import { AgentMachine, containerOn, networkOf, run, shell } from "../support/agent-machine.ts";
import { testCache } from "../support/cache.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const id = "a".repeat(64);
const relay = "names-a";
const forever = shell("while :; do sleep 1; done");
let guest: AgentMachine;
let names: Names;
let forwarder: Forwarder;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

before(async () => {
  guest = await AgentMachine.boot({ slots: 1, nics: 1 });
  folder = await temporaryFolder();
  const data = join(testCache, "data");
  names = namesIn({ runRoot: folder.path, dataRoot: data });
  forwarder = new Forwarder({
    program: () => madeBinary(data, forwarderProgram),
    folder: folder.path,
    machineSocket: guest.machine.connectionsSocket,
    switchSocket: "/no/switch",
    log: () => {},
  });
  await guest.setUp();
  await guest.fill(0, "image0");
});
after(async () => {
  await forwarder?.end();
  await names?.end();
  await guest?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

const known: ContainerNames = {
  ...{ container: id, servers: [], setsDots: false },
  endpoints: [
    {
      ...{ network: "1", networkName: "front", internal: true, links: [] },
      ...{ names: ["web", "www"], addresses: ["10.0.2.15"] },
    },
    {
      ...{ network: "2", networkName: "back", internal: true, links: [] },
      ...{ names: ["many"], addresses: Array.from({ length: 200 }, (_, at) => `10.9.0.${at + 1}`) },
    },
  ],
};

async function within(namespace: string, action: () => Promise<void>): Promise<void> {
  const { agent } = guest;
  const setup = containerOn(0, {
    network: networkOf(namespace, [0]),
    naming: { hosts: "127.0.0.1\tlocalhost\n", resolver: "nameserver 127.0.0.11\n", relay },
  });
  try {
    await names.set(known);
    await agent.launch({ id, setup, spec: forever });
    await forwarder.grant(id, relay, names.socketOf(id));
    await action();
  } finally {
    for (const one of (await agent.resume()).keys()) await agent.destroyContainer(one);
    await forwarder.release(id);
  }
}

const inside = (line: string) => run(guest.agent, id, line);
const asked = async (name: string, flags = "") =>
  (await inside(`busybox nslookup ${flags} ${name} 2>&1 || true`))
    .split("\n")
    .filter((l) => l !== "");

test("a container's names are answered for at 127.0.0.11, in its namespace and the machine's", async () => {
  for (const namespace of ["", "own"])
    await within(namespace, async () => {
      assert.deepEqual((await asked("www")).slice(0, 1), ["Server:\t\t127.0.0.11"]);
      assert.match((await asked("www")).join("\n"), /Address: 10\.0\.2\.15/);
      assert.match((await asked("nobody.example")).join("\n"), /SERVFAIL/);
      assert.match((await asked("15.2.0.10.in-addr.arpa", "-type=ptr")).join("\n"), /web\.front/);
    });
});

test("what is too long for a datagram comes by TCP", async () => {
  await within("", async () => {
    // id, flags, one question: many, A, IN
    const query = String.raw`\000\026\000\007\001\000\000\001\000\000\000\000\000\000\004many\000\000\001\000\001`;
    const size = await inside(
      `printf '${query}' | busybox nc 127.0.0.11 53 | busybox head -c 3234 | busybox wc -c`,
    );
    assert.equal(size.trim(), String(2 + 22 + 200 * 16));
  });
});

test("a resolver that was killed comes back, and who asks meanwhile waits", async () => {
  await within("", async () => {
    assert.match((await asked("www")).join("\n"), /Address: 10\.0\.2\.15/);
    const [pid] = (await readFile(join(folder.path, "names", "resolver.pid"), "utf8")).split(" ");
    process.kill(Number(pid), "SIGKILL");
    const again = asked("www");
    assert.match((await again).join("\n"), /Address: 10\.0\.2\.15/);
  });
});

test("servers that the container is to ask itself are asked from there, by UDP or TCP, in turn", async (t) => {
  // who is asked at 10.0.2.2 is this host
  const udp = createSocket("udp4");
  const tcp = createServer((socket) =>
    socket.on("data", (query) => {
      const answer = answerTo(query.subarray(2));
      socket.write(Buffer.concat([Buffer.from([0, answer.length]), answer]));
    }),
  );
  const isBound = await new Promise<boolean>((resolve) => {
    for (const server of [udp, tcp]) server.once("error", () => resolve(false));
    udp.bind(53, "127.0.0.1", () => tcp.listen(53, "127.0.0.1", () => resolve(true)));
  });
  if (!isBound) {
    t.skip("port 53 of this host can't be had");
    return;
  }
  udp.on("message", (query, { port, address }) => udp.send(answerTo(query), port, address));
  try {
    await within("own", async () => {
      await names.set({ ...known, servers: ["127.0.0.1", "10.0.2.2"] });
      assert.match((await asked("x.example", "-type=a")).join("\n"), /Address: 192\.0\.2\.7/);
      // id, flags, one question: x, A, IN
      const query = String.raw`\000\023\000\007\001\000\000\001\000\000\000\000\000\000\001x\000\000\001\000\001`;
      const command = `printf '${query}' | busybox nc 127.0.0.11 53 | busybox head -c 37`;
      const data = await inside(`${command} | busybox tail -c 4 | busybox od -An -tu1`);
      assert.equal(data.trim().replaceAll(/\s+/g, "."), "192.0.2.7");
    });
  } finally {
    udp.close();
    tcp.close();
  }
});

/** 192.0.2.7, whatever is asked. */
function answerTo(query: Buffer): Buffer {
  const answer = Buffer.from(query);
  answer.writeUInt16BE(0x8180, 2);
  answer.writeUInt16BE(1, 6);
  const record = "c00c000100010000003c0004c0000207";
  return Buffer.concat([answer, Buffer.from(record, "hex")]);
}

test("hosts and resolv.conf change line by line, where nobody has written", async () => {
  await within("", async () => {
    const change = {
      hosts: { removed: ["127.0.0.1\tlocalhost"], added: ["10.0.0.9\tnew"] },
      resolver: {
        before: "nameserver 127.0.0.11\n",
        after: "nameserver 127.0.0.11\noptions ndots:0\n",
      },
      relay,
    };
    await inside("echo '# mine' >>/etc/hosts");
    await guest.agent.changeNames(id, change);
    assert.equal(await inside("cat /etc/hosts"), "# mine\n10.0.0.9\tnew\n");
    assert.equal(await inside("cat /etc/resolv.conf"), change.resolver.after);
    await inside("echo '# mine' >>/etc/resolv.conf");
    await guest.agent.changeNames(id, {
      ...change,
      resolver: { before: change.resolver.after, after: "" },
    });
    assert.match(await inside("cat /etc/resolv.conf"), /# mine/);
  });
});

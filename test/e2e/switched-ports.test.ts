import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { hostAddress } from "../../src/network/host-address.ts";
import { madeServer } from "../support/made-server.ts";
import { TestDaemon } from "../support/test-daemon.ts";
import { asked, openTo } from "../support/half-closing-client.ts";

const image = "dvm-fixture:small";
let daemon: TestDaemon;
let servers: string;

before(async () => {
  daemon = await TestDaemon.start({ images: ["small.docker-save.tar"] });
  servers = await madeServer(daemon.root);
});
after(() => daemon?.[Symbol.asyncDispose]());

const serving = [
  "/servers/server echo 80 &",
  "/servers/server peer 81 &",
  "/servers/server source 82 &",
  "/servers/server datagram 80 &",
  "wait",
].join(" ");

interface Published {
  echo: number;
  peer: number;
  source: number;
  datagram: number;
}

/** A container with a server behind each port, at all addresses of the host. */
async function start(name: string, ...flags: string[]): Promise<Published> {
  const ports = ["80", "81", "82", "80/udp"].flatMap((port) => ["-p", port]);
  const mount = ["-v", `${servers}:/servers:ro`];
  await daemon.succeeds([
    "run",
    "-d",
    "--name",
    name,
    ...mount,
    ...ports,
    ...flags,
    image,
    serving,
  ]);
  const published = await portsOf(name);
  assert.notEqual(await askedInTime(published.peer), "");
  return published;
}

async function portsOf(name: string): Promise<Published> {
  const text = await daemon.succeeds(["port", name]);
  const of = (key: string) =>
    Number(new RegExp(`^${key} -> 0\\.0\\.0\\.0:(\\d+)$`, "m").exec(text)?.[1]);
  return { echo: of("80/tcp"), peer: of("81/tcp"), source: of("82/tcp"), datagram: of("80/udp") };
}

async function gatewayOf(name: string): Promise<string> {
  const format = "{{range .NetworkSettings.Networks}}{{.Gateway}} {{end}}";
  const all = await daemon.succeeds(["inspect", "-f", format, name]);
  return all.trim().split(" ")[0] ?? "";
}

/** Till the server has started. */
async function askedInTime(port: number, host?: string): Promise<string> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const answer = await asked(port, host);
    if (answer !== "") return answer;
    await delay(50);
  }
  return "";
}

async function askedByDatagram(port: number, host: string, words: string): Promise<string> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  socket.connect(port, host); // an answer of another address is none
  await once(socket, "connect");
  socket.send(words);
  const signal = AbortSignal.timeout(5_000);
  const [answer] = (await once(socket, "message", { signal })) as [Buffer];
  socket.close();
  return String(answer);
}

/** What the container's nc is told by a port that it connects to. */
function askedInside(name: string, host: string, port: number): Promise<string> {
  return daemon.succeeds(["exec", name, "sh", "-c", `nc -w 5 ${host} ${port} </dev/null`]);
}

async function network(words: string[]): Promise<void> {
  const { code, stderr } = await daemon.docker(["network", ...words]);
  assert.equal(code, 0, stderr);
}

/** Of a container's machine, by the file that keeps its number. */
async function processOf(name: string, file: string): Promise<number> {
  const machine = await daemon.succeeds(["inspect", "-f", "{{.Dvm.Machine}}", name]);
  return processIn(machine.slice(0, 12), file);
}

async function processIn(machine: string, file: string): Promise<number> {
  const path = join(daemon.root, "run/machines", machine, file);
  return Number.parseInt(await readFile(path, "utf8"), 10);
}

test("a port is reached by loopback and the host's own address, and its client is seen where it can be", async () => {
  const { peer, echo } = await start("seen");
  const gateway = await gatewayOf("seen");
  assert.equal(await asked(peer), `${gateway}\n`);
  assert.equal(await asked(echo, "::1", "six"), "six");
  const own = hostAddress();
  if (own !== "127.0.0.1") assert.equal(await asked(peer, own), `${own}\n`);
  await daemon.succeeds(["rm", "-f", "seen"]);
  assert.equal(await asked(peer), "", "free at once");
});

test("a port at one address is reached there, and nowhere else", async () => {
  const flags = ["-p", "127.0.0.1:18432:81", "-v", `${servers}:/servers:ro`];
  const serve = "/servers/server peer 81";
  await daemon.succeeds(["run", "-d", "--name", "local", ...flags, image, serve]);
  assert.equal(await askedInTime(18_432), `${await gatewayOf("local")}\n`);
  assert.equal(await asked(18_432, "127.0.0.2"), "");
  const inside = `nc -w 5 ${await gatewayOf("local")} 18432 </dev/null || true`;
  assert.equal(await daemon.succeeds(["exec", "local", "sh", "-c", inside]), "");
  await daemon.succeeds(["rm", "-f", "local"]);
});

test("datagrams go the same way, and are answered from the address that was asked", async () => {
  const { datagram } = await start("datagrams");
  const gateway = await gatewayOf("datagrams");
  for (const host of ["127.0.0.1", "127.0.0.9", "::1"])
    assert.equal(await askedByDatagram(datagram, host, "words"), `${gateway} words`, host);
  const own = hostAddress();
  if (own !== "127.0.0.1")
    assert.equal(await askedByDatagram(datagram, own, "words"), `${own} words`);
  await daemon.succeeds(["rm", "-f", "datagrams"]);
});

test("by its network's gateway a container reaches what is published, its own ports among it", async () => {
  const { peer } = await start("behind");
  await daemon.succeeds(["run", "-d", "--name", "neighbour", image, "sleep 600"]);
  const gateway = await gatewayOf("behind");
  assert.equal(await askedInside("neighbour", gateway, peer), `${gateway}\n`);
  assert.equal(await askedInside("behind", gateway, peer), `${gateway}\n`);
  await network(["create", "elsewhere"]);
  await daemon.succeeds([
    "run",
    "-d",
    "--name",
    "stranger",
    "--network",
    "elsewhere",
    image,
    "sleep 600",
  ]);
  assert.notEqual(await askedInside("stranger", await gatewayOf("stranger"), peer), "");
  await daemon.succeeds(["rm", "-f", "behind", "neighbour", "stranger"]);
  await network(["rm", "elsewhere"]);
});

test("ports follow their container from network to network, and are gone without one", async () => {
  await network(["create", "second"]);
  const { peer } = await start("moves", "-p", "127.0.0.1:18431:81");
  assert.equal(await asked(18_431), `${await gatewayOf("moves")}\n`);
  const socket = openTo((await portsOf("moves")).echo);
  socket.on("error", () => {}).on("end", () => socket.end());
  socket.resume();
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await network(["connect", "second", "moves"]);
  assert.equal((await portsOf("moves")).peer, peer);
  await network(["disconnect", "bridge", "moves"]);
  await closed;
  const gateway = await gatewayOf("moves");
  assert.equal(await askedInTime(18_431), `${gateway}\n`);
  assert.equal(await asked((await portsOf("moves")).peer), `${gateway}\n`);
  await network(["disconnect", "second", "moves"]);
  assert.equal(await asked(18_431), "");
  assert.equal(await daemon.succeeds(["port", "moves"]), "");
  await daemon.succeeds(["rm", "-f", "moves"]);
  await network(["rm", "second"]);
});

test("what carries connections comes back when it is killed, with a daemon or before the next", async () => {
  const { echo } = await start("carried");
  await delay(1_000); // one that ends at once is not started again
  process.kill(await processOf("carried", "forwarder.pid"), "SIGKILL");
  assert.notEqual(await askedInTime((await portsOf("carried")).peer), "");
  const machine = await daemon.succeeds(["inspect", "-f", "{{.Dvm.Machine}}", "carried"]);
  await daemon.endProcess("SIGKILL");
  assert.equal(await asked(echo, "127.0.0.1", "goes on"), "goes on");
  process.kill(await processIn(machine.slice(0, 12), "forwarder.pid"), "SIGKILL");
  assert.equal(await asked(echo, "127.0.0.1", "nobody"), "");
  await daemon.startProcess();
  assert.equal(await asked(echo, "127.0.0.1", "again"), "again");
  await daemon.succeeds(["rm", "-f", "carried"]);
});

test("500 clients at once are answered, and break off with a machine that is killed", async () => {
  const { echo } = await start("crowd");
  const sockets = Array.from({ length: 500 }, () => openTo(echo));
  const ends = sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve)));
  for (const socket of sockets) socket.on("error", () => {}).on("end", () => socket.end());
  const answers = await Promise.all(
    sockets.map(async (socket, index) => {
      socket.write(`words ${index}`);
      const [answer] = (await once(socket, "data")) as [Buffer];
      return String(answer);
    }),
  );
  assert.deepEqual(
    answers,
    sockets.map((_, index) => `words ${index}`),
  );
  process.kill(await processOf("crowd", "qemu.pid"), "SIGKILL");
  for (const socket of sockets) socket.resume();
  await Promise.all(ends);
  assert.equal(await asked(echo), "");
  await daemon.succeeds(["rm", "-f", "crowd"]);
});

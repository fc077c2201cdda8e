import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { madeServer } from "../support/made-server.ts";
import { TestDaemon } from "../support/test-daemon.ts";
import { asked, openTo } from "../support/half-closing-client.ts";

const image = "dvm-fixture:small";
const kinds = ["echo", "count", "source", "peer", "outcome"] as const;
let daemon: TestDaemon;
let servers: string;

before(async () => {
  // machines with networks of their own: connections go by the guest's connector
  const settings = { DVM_SWITCH: "off" };
  daemon = await TestDaemon.start({ images: ["small.docker-save.tar"], settings });
  servers = await madeServer(daemon.root);
});
after(() => daemon?.[Symbol.asyncDispose]());

type Ports = Record<(typeof kinds)[number], number>;

/** Runs a server of each kind behind a port of its own, which the host chooses. */
async function startServers(name: string, ...flags: string[]): Promise<Ports> {
  const line = kinds.map((kind, index) => `/servers/server ${kind} ${1000 + index} &`).join(" ");
  const publish = kinds.flatMap((_, index) => ["-p", `127.0.0.1::${1000 + index}`]);
  const mount = ["-v", `${servers}:/servers:ro`];
  await daemon.succeeds(
    ["run", "-d", "--name", name, ...mount, ...publish, ...flags, image].concat(`${line} wait`),
  );
  return portsOf(name);
}

async function portsOf(name: string): Promise<Ports> {
  const text = await daemon.succeeds(["port", name]);
  const numbers = kinds.map((_, index) =>
    Number(new RegExp(`^${1000 + index}/tcp -> 127\\.0\\.0\\.1:(\\d+)$`, "m").exec(text)?.[1]),
  );
  const [echo = 0, count = 0, source = 0, peer = 0, outcome = 0] = numbers;
  return { echo, count, source, peer, outcome };
}

/** Till the server has started. */
async function askedInTime(port: number, words = "", host?: string): Promise<string> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const answer = await asked(port, host, words);
    if (answer !== "") return answer;
    await delay(20);
  }
  return "";
}

test("100 clients at once that half-close are answered from a server's start on, and 1000 in turn", async () => {
  const { count, echo } = await startServers("many");
  await askedInTime(count);
  const sizes = Array.from({ length: 100 }, (_, index) => index * 100);
  for (let round = 0; round < 3; round += 1) {
    const answers = await Promise.all(
      sizes.map((size) => asked(count, undefined, Buffer.alloc(size))),
    );
    assert.deepEqual(
      answers,
      sizes.map((size) => `${size} bytes\n`),
    );
  }
  for (let turn = 0; turn < 1000; turn += 1)
    assert.equal(await asked(echo, undefined, `${turn}`), `${turn}`);
  await daemon.succeeds(["rm", "-f", "many"]);
});

test("100 MB come through unchanged, each way, and a slow reader holds nobody up", async () => {
  const { count, source, peer } = await startServers("large");
  await askedInTime(peer);
  const slow = Array.from({ length: 20 }, () => openTo(source).pause());
  const socket = openTo(source);
  const digest = createHash("sha256");
  for await (const part of socket) digest.update(part as Buffer);
  assert.equal(digest.digest("hex"), patternDigest());
  assert.equal(await asked(count, undefined, Buffer.alloc(104_857_600)), "104857600 bytes\n");
  for (const one of slow) one.destroy();
  await daemon.succeeds(["rm", "-f", "large"]);
});

/** Of what `server.c` sends as a source. */
function patternDigest(): string {
  const part = Buffer.from(
    Array.from({ length: 65_536 }, (_, at) => (at * 31 + Math.trunc(at / 256)) & 255),
  );
  const digest = createHash("sha256");
  for (let count = 0; count < 1600; count += 1) digest.update(part);
  return digest.digest("hex");
}

test("a client that breaks off is one to its server, whose client is the network's first address", async () => {
  const { outcome, peer } = await startServers("ends");
  assert.equal(await askedInTime(peer), "10.0.2.1\n");
  assert.equal(await asked(outcome, undefined, "in order"), "");
  const socket = openTo(outcome);
  socket.write("something");
  await delay(300);
  socket.resetAndDestroy();
  for (let look = 0; look < 50; look += 1) {
    if ((await daemon.succeeds(["logs", "ends"])) === "closed\nreset\n") break;
    await delay(100);
  }
  assert.equal(await daemon.succeeds(["logs", "ends"]), "closed\nreset\n");
  const addresses = await daemon.succeeds(["exec", "ends", "ip", "-o", "-4", "addr"]);
  assert.doesNotMatch(addresses, /10\.0\.2\.1\//);
  await daemon.succeeds(["rm", "-f", "ends"]);
});

test("a port is opened at each address that is named, IPv6 among them", async () => {
  const { echo } = await startServers("where", "-p", "[::1]::1000", "-p", "127.0.0.2::1000");
  const text = await daemon.succeeds(["port", "where", "1000"]);
  assert.equal(await askedInTime(echo, "x"), "x");
  const six = Number(/^\[::1\]:(\d+)$/m.exec(text)?.[1]);
  const second = Number(/^127\.0\.0\.2:(\d+)$/m.exec(text)?.[1]);
  assert.equal(await asked(six, "::1", "six"), "six");
  assert.equal(await asked(second, "127.0.0.2", "second"), "second");
  assert.equal(await asked(second, "127.0.0.1", "not here"), "");
  await daemon.succeeds(["rm", "-f", "where"]);
});

test("a port in use is refused, and is free at once when its container has ended", async () => {
  const { echo } = await startServers("first");
  const publish = ["-p", `127.0.0.1:${echo}:1000`];
  const second = await daemon.dvm(["run", "--rm", ...publish, image, "true"]);
  assert.equal(second.code, 125);
  assert.match(second.stderr, /Bind for 127\.0\.0\.1:\d+ failed: port is already allocated/);
  await daemon.succeeds(["rm", "-f", "first"]);
  await assert.rejects(once(openTo(echo), "connect"));
  await daemon.succeeds(["run", "--rm", ...publish, image, "true"]);
});

test("connections go on and new ones come while no daemon runs, and the next daemon closes the ports", async () => {
  const { echo } = await startServers("outlives");
  assert.equal(await askedInTime(echo, "x"), "x");
  const socket = openTo(echo);
  socket.write("before");
  assert.equal(String(await once(socket, "data")), "before");
  await daemon.endProcess("SIGKILL");
  socket.write("without");
  assert.equal(String(await once(socket, "data")), "without");
  assert.equal(await asked(echo, undefined, "new"), "new");
  await daemon.startProcess();
  socket.write("after");
  assert.equal(String(await once(socket, "data")), "after");
  assert.equal((await portsOf("outlives")).echo, echo);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.on("error", () => {}).on("end", () => socket.end());
  await daemon.succeeds(["stop", "-t", "1", "outlives"]);
  await closed;
  await assert.rejects(once(openTo(echo), "connect"));
  await daemon.succeeds(["start", "outlives"]);
  assert.equal(await askedInTime((await portsOf("outlives")).echo, "again"), "again");
  await daemon.succeeds(["rm", "-f", "outlives"]);
});

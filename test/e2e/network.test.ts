import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { TestDaemon } from "../support/test-daemon.ts";
import { freePort } from "../support/free-port.ts";

const image = "dvm-fixture:small";
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start({ images: ["small.docker-save.tar"] });
});
after(() => daemon?.[Symbol.asyncDispose]());

/** What a TCP port says first; tried until something listens there. */
async function greeting(port: number, host = "127.0.0.1"): Promise<string> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const text = await new Promise<string>((resolve) => {
      const socket = connect(port, host);
      let heard = "";
      socket.on("data", (bytes) => (heard += bytes.toString()));
      socket.on("error", () => resolve(""));
      socket.on("close", () => resolve(heard));
    });
    if (text !== "") return text;
    await delay(100);
  }
  return "";
}

test("a published port reaches the machine, and inspect and port tell it", async () => {
  const port = await freePort();
  await daemon.succeeds([
    "run",
    "-d",
    "--name",
    "tcp",
    "-p",
    `127.0.0.1:${port}:80`,
    image,
    "while :; do echo hello | nc -l -p 80; done",
  ]);
  assert.equal(await greeting(port), "hello\n");
  assert.equal(await daemon.succeeds(["port", "tcp"]), `80/tcp -> 127.0.0.1:${port}\n`);
  await daemon.succeeds(["rm", "-f", "tcp"]);
  await assert.rejects(once(connect(port, "127.0.0.1"), "connect"));
});

test("the bridge's gateway is where other containers reach a published port", async () => {
  const listen = "while :; do echo hello | nc -l -p 80; done";
  await daemon.succeeds(["run", "-d", "--name", "behind", "-p", "80", image, listen]);
  const port = Number(/0\.0\.0\.0:(\d+)/.exec(await daemon.succeeds(["port", "behind"]))?.[1]);
  const format = "{{(index .IPAM.Config 0).Gateway}}";
  const { stdout } = await daemon.docker(["network", "inspect", "-f", format, "bridge"]);
  const gateway = stdout.trim();
  assert.equal(await greeting(port), "hello\n");
  const ask = `nc ${gateway} ${port} </dev/null`;
  assert.equal(await daemon.succeeds(["run", "--rm", image, ask]), "hello\n");
  await daemon.succeeds(["rm", "-f", "behind"]);
});

test("ranges of ports are published one to one, and a port without a number gets one", async () => {
  const first = await freePort();
  const range = `${first}-${first + 1}`;
  await daemon.succeeds([
    "run",
    "-d",
    "--name",
    "range",
    "-p",
    `127.0.0.1:${range}:8000-8001`,
    "-p",
    "9000",
    image,
    "for p in 8000 8001 9000; do (while :; do echo $p | nc -l -p $p; done) & done; wait",
  ]);
  assert.equal(await greeting(first), "8000\n");
  assert.equal(await greeting(first + 1), "8001\n");
  const ports = await daemon.succeeds(["port", "range"]);
  const chosen = /^9000\/tcp -> 0\.0\.0\.0:(\d+)$/m.exec(ports)?.[1];
  assert.match(ports, new RegExp(`^9000/tcp -> \\[::\\]:${chosen}$`, "m"));
  assert.equal(await greeting(Number(chosen)), "9000\n");
  await daemon.succeeds(["rm", "-f", "range"]);
});

test("host-gateway is where a container reaches servers of the host; without it there is no way", async () => {
  await using loopback = await serverAt("127.0.0.1");
  await using everywhere = await serverAt("0.0.0.0");
  const gateway = ["--add-host", "outside:host-gateway"];
  const ask = (port: number, to: string) => `nc ${to} ${port} </dev/null`;
  for (const { port, said } of [loopback, everywhere])
    assert.equal(
      await daemon.succeeds(["run", "--rm", ...gateway, image, ask(port, "outside")]),
      said,
    );
  const way = "$(ip route | awk '/default/ { print $3 }')";
  const { stdout } = await daemon.dvm(["run", "--rm", image, ask(loopback.port, way)]);
  assert.equal(stdout, "");
});

/** A server of the host's, that says where it listens. */
async function serverAt(address: string) {
  const said = `from ${address}\n`;
  const server = createServer((socket) => socket.end(said)).listen(0, address);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { port, said, [Symbol.asyncDispose]: async () => void server.close() };
}

test("hosts, resolv.conf and hostname are written as Docker writes them", async () => {
  const flags = [
    "--hostname",
    "box",
    "--dns",
    "9.9.9.9",
    "--dns-search",
    "example.org",
    "--add-host",
    "db:1.2.3.4",
  ];
  const stdout = await daemon.succeeds([
    "run",
    "--rm",
    ...flags,
    image,
    "cat /etc/hostname /etc/resolv.conf /etc/hosts",
  ]);
  assert.match(stdout, /^box\n/);
  assert.match(stdout, /nameserver 9\.9\.9\.9\n/);
  assert.match(stdout, /search example\.org\n/);
  assert.match(stdout, /1\.2\.3\.4\tdb\n/);
  assert.match(stdout, /127\.0\.0\.1\tlocalhost\n/);
  assert.match(stdout, /\n172\.\d+\.\d+\.\d+\tbox\n/);
});

test("with --network none there is loopback and nothing else", async () => {
  const line =
    "ip -o addr | awk '{print $2}' | sort -u; ping -c 1 -W 1 127.0.0.1 >/dev/null && echo loop; ip route";
  assert.equal(
    await daemon.succeeds(["run", "--rm", "--network", "none", image, line]),
    "lo\nloop\n",
  );
});

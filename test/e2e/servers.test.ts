import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { clockAheadMs } from "../support/clock-ahead.ts";
import { TestDaemon } from "../support/test-daemon.ts";

const image = "dvm-fixture:debian";
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start({ images: ["debian.docker.tar"] });
});
after(() => daemon?.[Symbol.asyncDispose]());

/** Runs a program of the host until it succeeds. */
async function eventually(program: string, words: string[]): Promise<string> {
  for (let attempt = 0; ; attempt += 1) {
    const result = await daemon.client(program, words, {});
    if (result.code === 0) return result.stdout;
    assert(attempt < 100, result.stderr);
    await delay(200);
  }
}

const portOf = async (name: string) =>
  /:(\d+)$/m.exec(await daemon.succeeds(["port", name]))?.[1] ?? "";

test("a python program computes and prints", async () => {
  const program =
    "import hashlib, sys; print(hashlib.sha256(b'dvm').hexdigest(), sys.version_info.major)";
  const expected = createHash("sha256").update("dvm").digest("hex");
  const printed = await daemon.succeeds(["run", "--rm", image, "python3", "-c", program]);
  assert.equal(printed, `${expected} 3\n`);
});

test("nginx answers curl on the host through a published port", async () => {
  await daemon.succeeds([
    "run",
    "-d",
    "--name",
    "web",
    "-p",
    "127.0.0.1::80",
    image,
    "nginx",
    "-g",
    "daemon off;",
  ]);
  const page = await eventually("curl", [
    "-sSf",
    "-m",
    "5",
    `http://127.0.0.1:${await portOf("web")}/`,
  ]);
  assert.match(page, /Welcome to nginx!/);
  await daemon.succeeds(["rm", "-f", "web"]);
});

test("redis answers redis-benchmark", async () => {
  const command = ["redis-server", "--protected-mode", "no", "--save", "", "--appendonly", "no"];
  await daemon.succeeds([
    "run",
    "-d",
    "--name",
    "cache",
    "-p",
    "127.0.0.1::6379",
    image,
    ...command,
  ]);
  const port = await portOf("cache");
  assert.equal(await eventually("redis-cli", ["-p", port, "ping"]), "PONG\n");
  const report = await eventually("redis-benchmark", [
    "-p",
    port,
    "-n",
    "500",
    "-c",
    "10",
    "-t",
    "set,get",
    "--csv",
  ]);
  assert.match(report, /"SET","[\d.]+"/);
  assert.match(report, /"GET","[\d.]+"/);
  await daemon.succeeds(["rm", "-f", "cache"]);
});

test(
  "postgres keeps its rows on a volume that outlives its container",
  { timeout: 300_000 },
  async () => {
    const binaries = "PATH=$(echo /usr/lib/postgresql/*/bin):$PATH";
    const volume = ["-v", "rows:/data", "-u", "postgres"];
    const make = `${binaries}; initdb -D /data/db -A trust >/dev/null && pg_ctl -D /data/db -o '-k /tmp' -w start >/dev/null && psql -h /tmp -qc 'create table t as select generate_series(1,1000) as n' postgres && pg_ctl -D /data/db -w stop >/dev/null; id -un`;
    const prepared = [
      "run",
      "--rm",
      "-v",
      "rows:/data",
      image,
      "chown",
      "postgres:postgres",
      "/data",
    ];
    await daemon.succeeds(prepared);
    assert.equal(
      await daemon.succeeds(["run", "--rm", ...volume, image, "sh", "-ec", make]),
      "postgres\n",
    );
    const ask = `${binaries}; pg_ctl -D /data/db -o '-k /tmp' -w start >/dev/null && psql -h /tmp -Atc 'select sum(n) from t' postgres; pg_ctl -D /data/db -w stop >/dev/null`;
    assert.equal(
      await daemon.succeeds(["run", "--rm", ...volume, image, "sh", "-ec", ask]),
      "500500\n",
    );
  },
);

test("a published UDP port takes datagrams and gives answers", async () => {
  const program = `import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("", 53))
while True:
  data, sender = s.recvfrom(2000); s.sendto(data.upper(), sender)`;
  const port = ["-p", "127.0.0.1::53/udp"];
  await daemon.succeeds(["run", "-d", "--name", "udp", ...port, image, "python3", "-c", program]);
  const number = Number(await portOf("udp"));
  const socket = createSocket("udp4");
  try {
    const answer = once(socket, "message", { signal: AbortSignal.timeout(20_000) });
    const timer = setInterval(() => socket.send("ping", number, "127.0.0.1"), 200);
    const [message]: Buffer[] = await answer.finally(() => clearInterval(timer));
    assert.equal(message?.toString(), "PING");
  } finally {
    socket.close();
  }
  await daemon.succeeds(["rm", "-f", "udp"]);
});

test("the clocks of clones and of machines from the pool are right to 50 ms", async () => {
  for (let times = 0; times < 4; times += 1) {
    const offset = await clockAheadMs(daemon, ["run", "--rm", "-i", image]);
    assert(Math.abs(offset) < 50, `${offset} ms`);
  }
});

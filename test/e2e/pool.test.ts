import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { eventually, fetchText } from "../support/fetch-text.ts";
import { TestDaemon } from "../support/test-daemon.ts";

const image = "dvm-fixture:small";
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start({
    images: ["small.docker-save.tar"],
    settings: { DVM_POOL: "2" },
  });
});
after(() => daemon?.[Symbol.asyncDispose]());

const withTiming = (words: string[]) => daemon.dvm(["run", "--rm", "--timing", ...words]);
const fromPool = /process runs after \d+ ms, by a machine that stood ready\n/;

/** Waits until `count` machines stand ready, as `dvm info` tells. */
async function ready(count: number): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if ((await daemon.succeeds(["info"])).includes(`Pool: ${count} ready`)) return;
    await delay(100);
  }
  assert.fail(`there were never ${count} machines ready: ${await daemon.log()}`);
}

test("after a first run machines of its kind stand ready, and the next runs take them", async () => {
  assert.match((await withTiming([image, "true"])).stderr, /by a clone of a template/);
  await ready(2);
  for (let times = 0; times < 2; times += 1) {
    const { stdout, stderr } = await withTiming([image, "echo from the pool"]);
    assert.equal(stdout, "from the pool\n");
    assert.match(stderr, fromPool);
  }
  await ready(2);
});

test("a machine from the pool gets what its container was given", async () => {
  const script = [
    "hostname",
    "cat /etc/hostname",
    "echo $A",
    "id -u",
    "pwd",
    "grep ^nameserver /etc/resolv.conf",
    "grep example /etc/hosts",
    "echo $$",
    "df -m /t | tail -n 1 | awk '{ print $2 }'",
    "cat /proc/meminfo | wc -l",
  ].join("; ");
  const { stdout, stderr } = await withTiming([
    ...["-h", "named", "-e", "A=b", "-u", "1000", "-w", "/tmp", "--dns", "10.9.8.7"],
    ...["--add-host", "example.test:1.2.3.4", "--tmpfs", "/t:size=5m", image, script],
  ]);
  assert.match(stderr, fromPool);
  const lines = stdout.split("\n").slice(0, 9);
  assert.deepEqual(lines, [
    ...["named", "named", "b", "1000", "/tmp", "nameserver 10.9.8.7", "1.2.3.4\texample.test"],
    ...["1", "5"],
  ]);
  await ready(2);
});

test("nothing of the container that the pool was filled for is in the next one", async () => {
  await daemon.succeeds(["run", "--rm", "-e", "TOKEN=hidden", "-h", "earlier", image, "true"]);
  await ready(2);
  const { stdout, stderr } = await withTiming([
    image,
    "env; hostname; cat /etc/hosts; find / -xdev -newer /etc/passwd -type f",
  ]);
  assert.match(stderr, fromPool);
  assert.doesNotMatch(stdout, /hidden|earlier|rehearsal/);
  await ready(2);
});

test("a container tells the network card that its machine has, and its ports are published", async () => {
  await ready(2);
  const id = (
    await daemon.succeeds([
      ...["run", "-d", "--name", "server", "-p", "127.0.0.1::80", image],
      "echo hello > /index.html; httpd -f -p 80 -h /",
    ])
  ).trim();
  const inspect = async (format: string) =>
    (await daemon.succeeds(["inspect", "-f", format, id])).trim();
  assert.equal(await inspect("{{.Dvm.Start.Origin}}"), "pool");
  const mac = await daemon.succeeds(["exec", "server", "cat", "/sys/class/net/eth0/address"]);
  assert.equal(await inspect("{{.NetworkSettings.MacAddress}}"), mac.trim());
  const address = (await daemon.succeeds(["port", "server", "80"])).trim();
  assert.equal(await eventually(() => fetchText(`http://${address}/`)), "hello\n");
  await daemon.succeeds(["rm", "-f", "server"]);
});

test("an image's own user, entry point and missing command behave as after a boot", async () => {
  await ready(2);
  const missing = await withTiming(["--entrypoint", "/no/such", image]);
  assert.equal(missing.code, 127);
  assert.equal((await withTiming([image, "exit 42"])).code, 42);
});

test("a ready machine that dies is not handed out", async () => {
  await ready(2);
  for (const name of await daemon.machines()) {
    const pidFile = join(daemon.root, "run/machines", name, "qemu.pid");
    process.kill(Number((await readFile(pidFile, "utf8")).split(" ")[0]), "SIGKILL");
  }
  assert.equal((await withTiming([image, "echo lives"])).stdout, "lives\n");
  await ready(2);
});

test("containers that no ready machine suits are cloned or booted", async () => {
  await ready(2);
  for (const words of [["--privileged"], ["--sysctl", "net.ipv4.ip_forward=1"], ["-m", "99m"]]) {
    const { stdout, stderr } = await withTiming([...words, image, "echo $$"]);
    assert.equal(stdout, "1\n");
    assert.match(stderr, /by a clone of a template/);
  }
});

test("the pool ends with its daemon, and what a killed daemon left is ended by the next", async () => {
  await ready(2);
  await daemon.endProcess("SIGTERM");
  assert.deepEqual(await daemon.machines(), []);
  await daemon.startProcess();
  await withTiming([image, "true"]);
  await ready(2);
  assert.equal((await daemon.machines()).length, 2);
  await daemon.endProcess("SIGKILL");
  await daemon.startProcess();
  assert.deepEqual(await daemon.machines(), []);
  assert.deepEqual(await readdir(join(daemon.root, "data/pool")).catch(() => []), []);
});

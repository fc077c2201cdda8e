import assert from "node:assert/strict";
import { cpus, hostname } from "node:os";
import { after, before, test } from "node:test";
import { TestDaemon } from "../support/test-daemon.ts";

const image = "dvm-fixture:small";
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start({ images: ["small.docker-save.tar"] });
});
after(() => daemon?.[Symbol.asyncDispose]());

/** The real docker CLI, which must succeed. */
async function docker(...words: string[]): Promise<string> {
  const result = await daemon.docker(words);
  assert.equal(result.code, 0, `docker ${words.join(" ")}: ${result.stderr}`);
  return result.stdout;
}

const limits = "cd /sys/fs/cgroup; cat cpu.max memory.max pids.max";

test("docker update changes a running container's limits, and what its machine is too small for at its next start", async () => {
  await docker("run", "-d", "--name", "limited", "--cpus", "0.7", "-m", "64m", image, "sleep 1000");
  assert.equal(
    await docker("exec", "limited", "sh", "-c", limits),
    "70000 100000\n67108864\nmax\n",
  );
  const smaller = [
    "--cpus",
    "0.5",
    "--memory",
    "48m",
    "--memory-swap",
    "48m",
    "--pids-limit",
    "20",
  ];
  assert.equal(await docker("update", ...smaller, "limited"), "limited\n");
  assert.equal(await docker("exec", "limited", "sh", "-c", limits), "50000 100000\n50331648\n20\n");
  assert.match(
    await docker("update", "--memory", "700m", "--memory-swap", "-1", "limited"),
    /^limited\n.*machine has \d+ MiB of memory until the container is started again/s,
  );
  await docker("restart", "-t", "0", "limited");
  const [, , , total = ""] = (
    await docker("exec", "limited", "sh", "-c", `${limits}; grep MemTotal /proc/meminfo`)
  ).split("\n");
  assert(Number(/\d+/.exec(total)?.[0]) > 650_000, total);
  await docker("rm", "-f", "limited");
});

test("processors, shares, reservation and score reach the container's processes", async () => {
  const last = cpus().length - 1;
  const asked = ["--cpuset-cpus", `${last}`, "--cpu-shares", "512", "--memory-reservation", "32m"];
  const told = await docker(
    ...["run", "--rm", ...asked, "--oom-score-adj", "77", image],
    "grep Cpus_allowed_list /proc/self/status; cat /proc/self/oom_score_adj; cd /sys/fs/cgroup; cat cpu.weight memory.low",
  );
  assert.equal(told, `Cpus_allowed_list:\t${last}\n77\n20\n33554432\n`);
});

test("a card has the MAC address that was asked for, and names and shared memory are as their modes say", async () => {
  const mac = "02:42:ac:11:00:77";
  const address = await docker(
    ...["run", "--rm", "--mac-address", mac, image, "cat /sys/class/net/eth0/address"],
  );
  assert.equal(address, `${mac}\n`);
  assert.equal(await docker("run", "--rm", "--uts", "host", image, "hostname"), `${hostname()}\n`);
  const none = await docker(
    ...["run", "--rm", "--ipc", "none", image, "grep -c /dev/shm /proc/mounts || true"],
  );
  assert.equal(none, "0\n");
});

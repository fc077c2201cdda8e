import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fixture } from "../support/cache.ts";
import { TestDaemon } from "../support/test-daemon.ts";

/** As the entry point of docker's own image has it: limits need a cgroup that holds no process. */
const startDocker = `
  mkdir /sys/fs/cgroup/init && echo 1 >/sys/fs/cgroup/init/cgroup.procs
  for controller in cpu memory pids; do echo +$controller >/sys/fs/cgroup/cgroup.subtree_control; done
  echo set up
  exec dockerd --log-level warn`;
const inner = "dvm-fixture:small";
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
  await daemon.succeeds(["import", fixture("docker.root.tar"), "docker-inside"]);
  const archive = `${fixture("small.docker-save.tar")}:/small.tar:ro`;
  await daemon.succeeds([
    ...["run", "-d", "--name", "host", "--privileged", "--kernel", "hyper-full", "-m", "1g"],
    ...["--tmpfs", "/var/lib/docker:exec,dev,suid,size=512m", "-v", archive],
    ...["docker-inside", "sh", "-c", startDocker],
  ]);
  await dockerIsUp();
  await docker("load", "-q", "-i", "/small.tar");
});
after(() => daemon?.[Symbol.asyncDispose]());

async function dockerIsUp(): Promise<void> {
  const logs = () => daemon.dvm(["logs", "host"]);
  for (let attempt = 0; attempt < 100; attempt += 1) {
    // an exec that comes earlier is a process in the cgroup that must hold none
    const isSetUp = (await logs()).stdout === "set up\n";
    if (isSetUp && (await daemon.dvm(["exec", "host", "docker", "info"])).code === 0) return;
    await delay(1000);
  }
  assert.fail((await logs()).stderr);
}

const docker = (...words: string[]) => daemon.succeeds(["exec", "host", "docker", ...words]);

test("Docker runs inside a machine with hyper-full, and its containers have their limits", async () => {
  const files = ["memory.max", "cpu.max", "pids.max"].map((name) => `/sys/fs/cgroup/${name}`);
  const limits = ["-m", "64m", "--cpus", "0.5", "--pids-limit", "50"];
  const shown = await docker("run", "--rm", ...limits, inner, `cat ${files.join(" ")}`);
  assert.equal(shown, "67108864\n50000 100000\n50\n");
});

test("its containers reach each other by bridges, and by published ports", async () => {
  const serve = "echo served >/work/index.html; exec httpd -f -p 80 -h /work";
  await docker("network", "create", "inner");
  await docker("run", "-d", "--name", "web", "--network", "inner", "-p", "8080:80", inner, serve);
  const fetch = (network: string, url: string) =>
    docker("run", "--rm", "--network", network, inner, `wget -qO- ${url}`);
  assert.equal(await fetch("inner", "http://web/"), "served\n");
  const format = "{{(index .IPAM.Config 0).Subnet}}";
  const subnet = await docker("network", "inspect", "-f", format, "bridge");
  const gateway = subnet.replace(/0\/\d+\n$/, "1");
  assert.equal(await fetch("bridge", `http://${gateway}:8080/`), "served\n");
});

test("a container whose cgroup has children with controllers takes exec, top and stop", async () => {
  assert.match(await daemon.succeeds(["top", "host"]), /dockerd/);
  await daemon.succeeds(["stop", "-t", "2", "host"]);
  const state = await daemon.succeeds(["inspect", "-f", "{{.State.Status}}", "host"]);
  assert.equal(state, "exited\n");
});

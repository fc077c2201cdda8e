import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { staticBusybox } from "../support/made-guest.ts";
import { makeTar } from "../support/tar.ts";
import { eventually, fetchText } from "../support/fetch-text.ts";
import { TestDaemon } from "../support/test-daemon.ts";
import { freePort } from "../support/free-port.ts";

const image = "dvm-fixture:small";
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start({
    images: ["small.docker-save.tar"],
    settings: { DVM_POOL: "0" },
  });
});
after(() => daemon?.[Symbol.asyncDispose]());

const withTiming = (words: string[]) => daemon.dvm(["run", "--rm", "--timing", ...words]);
const byBoot = /process runs after \d+ ms, by a boot\n/;
const byClone = /process runs after \d+ ms, by a clone of a template\n/;
const byNewTemplate = /by a clone of a template, which was made first\n/;

test("the first run of a kind makes a template and says so, the next one is a clone", async () => {
  const first = await withTiming([image, "echo one"]);
  assert.equal(first.stdout, "one\n");
  assert.match(first.stderr, byNewTemplate);
  const second = await withTiming([image, "echo two"]);
  assert.equal(second.stdout, "two\n");
  assert.match(second.stderr, byClone);
  for (const phase of ["client", "create", "attach", "start", "plan", "clone", "process"])
    assert.match(second.stderr, new RegExp(`^ *${phase} +\\d+\\.\\d ms$`, "m"));
});

test("inspect tells where a machine came from and what its start took", async () => {
  await daemon.succeeds(["run", "-d", "--name", "timed", image, "sleep 100"]);
  const start = z
    .object({ Origin: z.string(), MadeTemplate: z.boolean(), Phases: z.array(z.unknown()) })
    .parse(JSON.parse(await daemon.succeeds(["inspect", "-f", "{{json .Dvm.Start}}", "timed"])));
  assert.equal(start.Origin, "clone");
  assert.equal(start.MadeTemplate, false);
  assert(start.Phases.length > 2);
  await daemon.succeeds(["rm", "-f", "timed"]);
});

test("--no-template boots, and so does a daemon that was told to", async () => {
  assert.match((await withTiming(["--no-template", image, "true"])).stderr, byBoot);
  await using other = await TestDaemon.start({
    images: ["small.docker-save.tar"],
    settings: { DVM_TEMPLATES: "off" },
  });
  for (let times = 0; times < 2; times += 1)
    assert.match((await other.dvm(["run", "--rm", "--timing", image, "true"])).stderr, byBoot);
  assert.equal(await other.succeeds(["template", "ls", "-q"]), "");
  assert.match((await other.dvm(["template", "create"])).stderr, /was told not to use any/);
  assert.match(await other.succeeds(["info"]), /Templates: off/);
});

test("a clone has the memory, processors, disks, mounts and network that were asked for", async () => {
  const words = [
    ...["-m", "200m", "--cpus", "2", "--network", "none", "-v", `${daemon.root}:/shared`],
    ...[image, "nproc; grep MemTotal /proc/meminfo; ls /sys/class/net; ls -d /shared/data"],
  ];
  assert.match((await withTiming(words)).stderr, byNewTemplate);
  const { stdout, stderr } = await withTiming(words);
  assert.match(stderr, byClone);
  const [processors, memory = "", card, share] = stdout.split("\n");
  assert.equal(processors, "2");
  const mebibytes = Number(/(\d+) kB/.exec(memory)?.[1]) / 1024;
  assert(mebibytes > 200 && mebibytes < 256, memory);
  assert.equal(card, "lo");
  assert.equal(share, "/shared/data");
});

test("stats tells what a machine costs the host", async () => {
  await daemon.succeeds(["run", "-d", "--name", "costly", image, "sleep 1000"]);
  const format = "{{.HostMem}}";
  const shown = await daemon.succeeds(["stats", "--no-stream", "--format", format, "costly"]);
  const mebibytes = Number(/^([\d.]+)MiB\n$/.exec(shown)?.[1]);
  const pid = Number(await daemon.succeeds(["inspect", "-f", "{{.State.Pid}}", "costly"]));
  assert(mebibytes > (await ownMemoryMiB(pid)) - 1 && mebibytes < 150, shown);
  await daemon.succeeds(["rm", "-f", "costly"]);
});

test("a container that ran before is cloned with its own disk", async () => {
  await daemon.dvm(["run", "--name", "twice", image, "echo line >> /kept; cat /kept"]);
  assert.equal(await daemon.succeeds(["start", "-a", "twice"]), "line\nline\n");
  assert.equal(await daemon.succeeds(["start", "-a", "twice"]), "line\nline\nline\n");
  assert.equal(
    (await daemon.succeeds(["inspect", "-f", "{{.Dvm.Start.Origin}}", "twice"])).trim(),
    "clone",
  );
  await daemon.succeeds(["rm", "twice"]);
  assert.doesNotMatch(await daemon.log(), /cannot make template/);
});

test("who connects to a clone's port before it is up doesn't spoil its network", async () => {
  const port = await freePort();
  const knock = setInterval(() => {
    const socket = createConnection({ host: "127.0.0.1", port }, () => socket.destroy());
    socket.on("error", () => {}); // refused, or closed again: it isn't up yet
  }, 3);
  try {
    await daemon.succeeds([
      ...["run", "-d", "--name", "knocked", "-p", `127.0.0.1:${port}:80`, image],
      "echo hello > /index.html; httpd -f -p 80 -h /",
    ]);
  } finally {
    clearInterval(knock);
  }
  assert.equal(await eventually(() => fetchText(`http://127.0.0.1:${port}/`)), "hello\n");
  await daemon.succeeds(["rm", "-f", "knocked"]);
});

test("what a clone writes is in no other one", async () => {
  await daemon.succeeds(["run", "--rm", image, "echo secret > /etc/secret; sync"]);
  const { stdout } = await daemon.dvm(["run", "--rm", image, "cat /etc/secret 2>&1"]);
  assert.match(stdout, /No such file/);
});

test("a template that doesn't load is thrown away: the run boots, and the next one makes another", async () => {
  const folder = join(daemon.root, "data/templates");
  const kind = ["--network", "none", "-m", "150m", image, "echo fine"];
  await withTiming(kind);
  const keys = (await daemon.succeeds(["template", "ls", "-q"])).trim().split("\n");
  for (const key of keys) {
    const path = join(folder, key, "state");
    const state = await readFile(path);
    await writeFile(path, state.fill(0x55, 100, 4000));
  }
  const broken = await withTiming(kind);
  assert.equal(broken.stdout, "fine\n");
  assert.match(broken.stderr, byBoot);
  assert.match(await daemon.log(), /cannot use template [0-9a-f]{16}: cannot start a machine/);
  assert.match((await withTiming(kind)).stderr, /by a clone of a template/);
  assert.match((await withTiming(kind)).stderr, byClone);
  await daemon.succeeds(["template", "prune", "--all"]);
});

test("templates are made ahead, listed, inspected and removed by command", async () => {
  const id = (
    await daemon.succeeds(["template", "create", "-m", "300m", "--network", "none"])
  ).trim();
  assert.match(id, /^[0-9a-f]{16}$/);
  assert.match(
    await daemon.succeeds(["template", "ls"]),
    new RegExp(`^${id} +hyper .* 356MiB `, "m"),
  );
  const format = "{{.Shape.MemoryMiB}} {{.Shape.Nics}} {{.Stale}}";
  assert.equal(
    await daemon.succeeds(["template", "inspect", "-f", format, id.slice(0, 6)]),
    "356 0 false\n",
  );
  const run = await withTiming(["-m", "300m", "--network", "none", image, "true"]);
  assert.match(run.stderr, byClone);
  assert.equal(await daemon.succeeds(["template", "rm", id]), `${id}\n`);
  assert.match((await daemon.dvm(["template", "inspect", id])).stderr, /No such template/);
  assert.equal((await daemon.dvm(["template", "rm", "nosuch"])).code, 1);
});

test("a template of another boot of the host is stale: it is listed so, pruned, and not used", async () => {
  await daemon.succeeds(["template", "prune", "--all"]);
  const kind = ["--network", "none", image, "true"];
  await withTiming(kind);
  const folder = join(daemon.root, "data/templates");
  for (const key of await wholeTemplates()) {
    const path = join(folder, key, "template.json");
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace(/"hostBoot": "[^"]*"/, '"hostBoot": "another"'));
  }
  assert.match(await daemon.succeeds(["template", "ls"]), / stale /);
  await daemon.succeeds(["template", "prune"]);
  assert.doesNotMatch(await daemon.succeeds(["template", "ls"]), / stale /);
});

test("an image's machine id is another one in each container, and there is none where it has none", async () => {
  const root = makeTar([
    { path: "bin/", type: "5", mode: 0o755 },
    { path: "bin/cat", content: await staticBusybox(), mode: 0o755 },
    { path: "etc/", type: "5", mode: 0o755 },
    { path: "etc/machine-id", content: `${"0".repeat(32)}\n` },
  ]);
  await daemon.succeeds(["import", "-", "with-machine-id"], { input: root });
  const read = () =>
    daemon.succeeds(["run", "--rm", "with-machine-id", "/bin/cat", "/etc/machine-id"]);
  const ids = [await read(), await read()];
  for (const id of ids) assert.match(id, /^[0-9a-f]{32}\n$/);
  assert.notEqual(ids[0], ids[1]);
  assert.equal((await daemon.dvm(["run", "--rm", image, "cat /etc/machine-id"])).code, 1);
});

test("an image that is removed takes its templates with it", async () => {
  const root = makeTar([
    { path: "bin/", type: "5", mode: 0o755 },
    { path: "bin/true", content: await staticBusybox(), mode: 0o755 },
  ]);
  await daemon.succeeds(["import", "-", "passing"], { input: root });
  const id = (await daemon.succeeds(["inspect", "-f", "{{.Id}}", "passing"])).trim();
  await daemon.succeeds(["run", "--rm", "passing", "/bin/true"]);
  const ofImage = async () => (await daemon.succeeds(["template", "ls", "--json"])).includes(id);
  for (let attempt = 0; !(await ofImage()); attempt += 1) {
    assert(attempt < 100, "no template with the image was made");
    await delay(100);
  }
  await daemon.succeeds(["tag", image, "kept:1"]); // another one's removal takes none of them
  await daemon.succeeds(["rmi", "kept:1"]);
  assert(await ofImage());
  await daemon.succeeds(["rmi", "passing"]);
  assert(!(await ofImage()));
});

test("memory that a container frees goes back to the host, and its template stays as it was", async () => {
  const folder = join(daemon.root, "data/templates");
  await withTiming([image, "true"]);
  await daemon.succeeds([
    ...["run", "-d", "--name", "eater", "--tmpfs", "/big:size=300m", image],
    "sleep 1000",
  ]);
  const keys = await wholeTemplates();
  const templates = await digests(folder, keys);
  const pid = Number(await daemon.succeeds(["inspect", "-f", "{{.State.Pid}}", "eater"]));
  const atFirst = await ownMemoryMiB(pid);
  await daemon.succeeds([
    "exec",
    "eater",
    "dd",
    "if=/dev/zero",
    "of=/big/file",
    "bs=1M",
    "count=250",
  ]);
  assert((await ownMemoryMiB(pid)) > atFirst + 200);
  await daemon.succeeds(["exec", "eater", "rm", "/big/file"]);
  for (let attempt = 0; (await ownMemoryMiB(pid)) > atFirst + 60; attempt += 1) {
    assert(attempt < 100, `${await ownMemoryMiB(pid)} MiB, at first ${atFirst}`);
    await delay(200);
  }
  assert.deepEqual(await digests(folder, keys), templates);
  await daemon.succeeds(["rm", "-f", "eater"]);
});

test("50 clones have nothing random in common, and host names and network cards of their own", async () => {
  const script = [
    "head -c 32 /dev/urandom | md5sum",
    "cat /proc/sys/kernel/random/uuid /proc/sys/kernel/random/boot_id",
    "grep -m1 stack /proc/self/maps | cut -d- -f1",
    "grep -m1 vdso /proc/self/maps | cut -d- -f1",
    "cat /sys/class/net/eth0/address /etc/hostname",
  ].join("; ");
  const outputs: string[][] = [];
  for (let done = 0; done < 50; done += 5) {
    const some = Array.from({ length: 5 }, () => withTiming([image, script]));
    for (const { stdout, stderr } of await Promise.all(some)) {
      assert.match(stderr, /by a clone of a template/);
      outputs.push(stdout.trim().split("\n"));
    }
  }
  const names = ["urandom", "uuid", "boot id", "stack", "vdso", "network card", "host name"];
  for (const [index, name] of names.entries()) {
    const values = outputs.map((lines) => lines[index]);
    assert(values.every(Boolean), name);
    assert.equal(new Set(values).size, 50, `${name}: ${values.join(" ")}`);
  }
});

async function wholeTemplates(): Promise<string[]> {
  return (await daemon.succeeds(["template", "ls", "-q"])).trim().split("\n");
}

/** Private to the process of this id. */
async function ownMemoryMiB(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Pss_Anon: +(\d+) kB/m.exec(text)?.[1]) / 1024;
}

/** Of the memory of these templates. */
async function digests(folder: string, keys: string[]): Promise<string[]> {
  const rams = keys.map((key) => readFile(join(folder, key, "ram")));
  return (await Promise.all(rams)).map((ram) => createHash("sha256").update(ram).digest("hex"));
}

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../support/fetch-text.ts";
import { TestDaemon } from "../support/test-daemon.ts";

const image = "dvm-fixture:small";
/** Numbers its lines, and says what it was when it is told to end. */
const counts = 'trap "exit 7" TERM; n=0; while :; do n=$((n+1)); echo "line $n"; sleep 0.1; done';
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start({ images: ["small.docker-save.tar"] });
});
after(() => daemon?.[Symbol.asyncDispose]());

const inspect = async (name: string, format: string) =>
  (await daemon.succeeds(["inspect", "-f", format, name])).trim();
const exec = async (name: string, command: string) =>
  (await daemon.succeeds(["exec", name, "sh", "-c", command])).trim();

/** `first` has a machine with room, and the others are in it. Gives the name of its folder. */
async function startTogether(first: string, ...others: string[]): Promise<string> {
  const room = ["--room", String(others.length)];
  await daemon.succeeds(["run", "-d", "--name", first, ...room, image, counts]);
  for (const other of others) {
    const beside = ["--network", `container:${first}`];
    await daemon.succeeds(["run", "-d", "--name", other, ...beside, image, counts]);
  }
  return (await inspect(first, "{{.Dvm.Machine}}")).slice(0, 12);
}

async function assertGone(machine: string): Promise<void> {
  assert.equal((await daemon.machines()).includes(machine), false);
}

/** Every line of a counting container's log, without a gap and each once. */
async function assertWholeLog(name: string): Promise<number> {
  const { stdout } = await daemon.dvm(["logs", name]);
  const lines = stdout.trimEnd().split("\n");
  assert.deepEqual(
    lines,
    lines.map((_, index) => `line ${index + 1}`),
  );
  return lines.length;
}

test("two containers in one machine share its network, and nothing else", async () => {
  const machine = await startTogether("web", "side");
  assert.equal((await inspect("side", "{{.Dvm.Machine}}")).slice(0, 12), machine);
  const web = await inspect("web", "{{.Id}}");
  assert.equal(await inspect("side", "{{.HostConfig.NetworkMode}}"), `container:${web}`);
  for (const name of ["web", "side"]) {
    await exec(name, `echo ${name} > /mine`);
    assert.equal(await exec(name, "cat /proc/1/comm"), "sh");
  }
  assert.equal(await exec("web", "cat /mine"), "web");
  assert.equal(await exec("side", "cat /mine"), "side");
  assert.equal(await exec("side", "hostname"), await exec("web", "hostname"));
  assert.equal(await exec("side", "cat /etc/hosts"), await exec("web", "cat /etc/hosts"));
  assert.equal(
    await exec("side", "readlink /proc/self/ns/net"),
    await exec("web", "readlink /proc/self/ns/net"),
  );
  assert.notEqual(
    await exec("side", "readlink /proc/self/ns/pid"),
    await exec("web", "readlink /proc/self/ns/pid"),
  );
  await daemon.succeeds(["rm", "-f", "web", "side"]);
  await assertGone(machine);
});

test("one container of a machine ends while the other goes on, over a daemon's restart too", async () => {
  const machine = await startTogether("first", "second");
  await daemon.succeeds(["stop", "first"]);
  assert.equal(await inspect("first", "{{.State.Status}} {{.State.ExitCode}}"), "exited 7");
  assert.equal(await inspect("second", "{{.State.Status}}"), "running");
  const before = await assertWholeLog("second");
  await daemon.endProcess("SIGKILL");
  await daemon.startProcess();
  assert.equal(await inspect("second", "{{.State.Status}}"), "running");
  await eventually(async () => assert((await assertWholeLog("second")) > before + 5));
  assert.equal(await exec("second", "echo lives"), "lives");
  await daemon.succeeds(["stop", "second"]);
  assert.equal(await inspect("second", "{{.State.ExitCode}}"), "7");
  await assertGone(machine);
});

test("both are taken up by the next daemon, and one that ended meanwhile has its exit code", async () => {
  const machine = await startTogether("alpha", "beta");
  await daemon.succeeds(["exec", "-d", "beta", "sh", "-c", "sleep 2; kill -TERM 1"]);
  await daemon.endProcess("SIGTERM");
  await delay(4_000);
  await daemon.startProcess();
  await eventually(async () =>
    assert.equal(await inspect("beta", "{{.State.Status}} {{.State.ExitCode}}"), "exited 7"),
  );
  assert.equal(await inspect("alpha", "{{.State.Status}}"), "running");
  await assertWholeLog("alpha");
  await assertWholeLog("beta");
  await daemon.succeeds(["rm", "-f", "alpha", "beta"]);
  await assertGone(machine);
});

test("each container of a machine has its own volumes and binds, and leaves them", async () => {
  await daemon.succeeds(["run", "-d", "--name", "roomy", "--room", "1", image, "sleep 1000"]);
  const second = ["run", "-d", "--name", "bringing", "--network", "container:roomy"];
  const folder = join(daemon.root, "folder");
  await mkdir(folder);
  const sleep = [image, "sleep 1000"];
  await daemon.succeeds([...second, "-v", "both:/data", "-v", `${folder}:/folder`, ...sleep]);
  await exec("bringing", "echo volume > /data/file; echo bind > /folder/file");
  assert.equal(await exec("roomy", "ls -d /data /folder 2>&1 | grep -c 'No such'"), "2");
  assert.equal(await readFile(join(folder, "file"), "utf8"), "bind\n");
  await daemon.succeeds(["rm", "-f", "bringing"]);
  await daemon.succeeds([...second, "-v", "both:/other", ...sleep]);
  assert.equal(await exec("bringing", "cat /other/file"), "volume");
  await daemon.succeeds(["rm", "-f", "bringing"]);
  await daemon.succeeds(["volume", "rm", "both"]);
  await daemon.succeeds(["rm", "-f", "roomy"]);
});

test("a place in a machine is free again when its container has ended, and its disk is kept", async () => {
  const machine = await startTogether("host", "guest");
  await exec("guest", "echo kept > /mine");
  await daemon.succeeds(["stop", "guest"]);
  await daemon.succeeds(["start", "guest"]);
  assert.equal(await exec("guest", "cat /mine"), "kept");
  const late = await daemon.dvm(["run", "--rm", "--network", "container:host", image, "true"]);
  assert.equal(late.code, 125);
  assert.match(late.stderr, /it has no room for another container/);
  await daemon.succeeds(["rm", "-f", "guest"]);
  const next = await daemon.dvm(["run", "--rm", "--network", "container:host", image, "ls /mine"]);
  assert.notEqual(next.code, 0, "nothing of the last one is seen");
  await daemon.succeeds(["rm", "-f", "host"]);
  await assertGone(machine);
});

test("one of two is paused, killed and removed without the other noticing", async () => {
  const machine = await startTogether("calm", "busy");
  await daemon.succeeds(["pause", "calm"]);
  const stands = await assertWholeLog("calm");
  const before = await assertWholeLog("busy");
  await eventually(async () => assert((await assertWholeLog("busy")) > before + 3));
  assert.equal(await assertWholeLog("calm"), stands);
  await daemon.succeeds(["rm", "-f", "calm"]);
  assert.equal(await exec("busy", "echo lives"), "lives");
  await daemon.succeeds(["kill", "busy"]);
  assert.equal(await inspect("busy", "{{.State.ExitCode}}"), "137");
  await daemon.succeeds(["rm", "-f", "busy"]);
  await assertGone(machine);
});

test("what only the other container can have is refused, with docker's words", async () => {
  const machine = await startTogether("owner");
  const beside = ["create", "--network", "container:owner"];
  const refused = async (words: string[], message: RegExp) => {
    const { code, stderr } = await daemon.dvm([...beside, ...words, image]);
    assert.match(stderr, message);
    assert.notEqual(code, 0);
  };
  await refused(
    ["-p", "80"],
    /conflicting options: port publishing and the container type network/,
  );
  await refused(["-h", "other"], /conflicting options: hostname and the network mode/);
  await refused(["--dns", "1.1.1.1"], /conflicting options: dns and the network mode/);
  const nobody = await daemon.dvm(["run", "--rm", "--network", "container:nobody", image]);
  assert.match(nobody.stderr, /No such container: nobody/);
  await daemon.succeeds(["create", "--name", "later", "--network", "container:owner", image]);
  await daemon.succeeds(["stop", "owner"]);
  const alone = await daemon.dvm(["start", "later"]);
  assert.match(alone.stderr, /cannot join network namespace of a non running container/);
  await daemon.succeeds(["rm", "-f", "owner", "later"]);
  await assertGone(machine);
});

test("a container joins one that was started without a word of room, and shares what it asks for", async () => {
  await daemon.succeeds(["run", "-d", "--name", "donor", "--ipc", "shareable", image, counts]);
  const modes = ["--network", "--ipc", "--pid"].flatMap((mode) => [mode, "container:donor"]);
  await daemon.succeeds(["run", "-d", "--name", "joined", ...modes, image, "sleep 1000"]);
  await exec("donor", "echo seen > /dev/shm/file");
  assert.equal(await exec("joined", "cat /dev/shm/file"), "seen");
  // the first process is the donor's
  assert.match(await exec("joined", "tr '\\0' ' ' < /proc/1/cmdline"), /echo "line/);
  const card = "cat /sys/class/net/eth0/address";
  assert.equal(await exec("joined", card), await exec("donor", card));
  await daemon.succeeds(["kill", "donor"]);
  await eventually(async () => assert.equal(await inspect("joined", "{{.State.ExitCode}}"), "137"));
  await daemon.succeeds(["rm", "-f", "donor", "joined"]);
});

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { TestDaemon } from "../support/test-daemon.ts";

const image = "dvm-fixture:small";
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start({ images: ["small.docker-save.tar"] });
});
after(() => daemon?.[Symbol.asyncDispose]());

/** Runs a line of shell in a container that is removed afterwards. */
function shell(line: string, flags: string[] = [], input?: string) {
  return daemon.dvm(
    ["run", "--rm", ...(input === undefined ? [] : ["-i"]), ...flags, image, line],
    input === undefined ? {} : { input },
  );
}

test("run prints what the image's own command prints", async () => {
  const result = await daemon.dvm(["run", "--rm", image]);
  assert.deepEqual(result, { code: 0, stdout: "small image speaking\n", stderr: "" });
});

test("standard output and standard error stay apart, and the exit code is the command's", async () => {
  const result = await shell("echo out; echo err >&2; exit 42");
  assert.deepEqual(result, { code: 42, stdout: "out\n", stderr: "err\n" });
});

test("a command that dies of a signal gives 128 and the signal's number", async () => {
  assert.equal((await shell("sleep 100 & kill -9 $!; wait $!")).code, 137);
});

test("environment, folder, user, host name and entrypoint are as the flags say", async () => {
  const file = join(daemon.root, "variables");
  await writeFile(file, "# comment\nFROM_FILE=a b\n");
  const flags = ["-e", "GIVEN=1", "--env-file", file, "-w", "/tmp", "-u", "alice:staff"];
  const line = 'echo "$FIXTURE|$GIVEN|$FROM_FILE|$(pwd)|$(id -u):$(id -g)|$(hostname)"';
  const result = await shell(line, [...flags, "-h", "named"]);
  assert.equal(result.stdout, "small|1|a b|/tmp|1000:50|named\n");
  const other = await daemon.dvm(["run", "--rm", "--entrypoint", "/bin/echo", image, "a", "b c"]);
  assert.equal(other.stdout, "a b c\n");
});

test("every byte of a large input comes back, and its end is the command's end of input", async () => {
  const input = Array.from({ length: 60_000 }, (_, index) => `line ${index}\n`).join("");
  const result = await shell("cat", [], input);
  assert.equal(result.code, 0);
  assert(result.stdout === input, "the output differs from the input");
});

test("a megabyte on both outputs at once arrives whole", async () => {
  const result = await shell(
    "head -c 1000000 /dev/zero | tr '\\0' e >&2 & head -c 1000000 /dev/zero | tr '\\0' o; wait",
  );
  assert.equal(result.stdout.length, 1_000_000);
  assert.equal(result.stderr.length, 1_000_000);
});

test("a container has its own processes, Docker's default capabilities and no new devices", async () => {
  const { stdout } = await shell("echo $$; grep CapEff /proc/self/status; ls /dev | tr '\\n' ' '");
  const [pid, capabilities, devices] = stdout.split("\n");
  assert.equal(pid, "1");
  assert.equal(capabilities, "CapEff:\t00000000a80425fb");
  assert.equal(
    devices,
    "core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero ",
  );
});

test("capabilities are added, dropped, and all there when privileged", async () => {
  const effective = async (flags: string[]) =>
    (await shell("grep CapEff /proc/self/status", flags)).stdout.trim().split("\t")[1];
  assert.equal(await effective(["--cap-drop", "ALL"]), "0000000000000000");
  assert.equal(await effective(["--cap-add", "SYS_ADMIN"]), "00000000a82425fb");
  assert.match((await effective(["--privileged"])) ?? "", /^000001ffffffffff$/);
});

test("a privileged container has the machine's devices, and loop devices take files", async () => {
  const line =
    "ls /dev/net/tun /dev/fuse /dev/vda; echo disk >/work/file; truncate -s 1M /work/file; " +
    "losetup /dev/loop0 /work/file && head -c 4 /dev/loop0";
  const result = await shell(line, ["--privileged"]);
  assert.equal(result.stdout, "/dev/fuse\n/dev/net/tun\n/dev/vda\ndisk");
  assert.equal((await shell("ls /dev/net /dev/vda")).stdout, "");
});

test("a read-only root refuses writes, a tmpfs in it takes them", async () => {
  const result = await shell(
    "echo x > /work/x; echo y > /scratch/y && cat /scratch/y; df -m /scratch | tail -1 | awk '{print $2}'",
    ["--read-only", "--tmpfs", "/scratch:size=8m"],
  );
  assert.match(result.stderr, /Read-only file system/);
  assert.equal(result.stdout, "y\n8\n");
});

test("memory, processors and limits of open files are the machine's", async () => {
  const line = "grep MemTotal /proc/meminfo; nproc; ulimit -n; ulimit -Hn";
  const result = await shell(line, ["-m", "128m", "--cpus", "2", "--ulimit", "nofile=1000:2000"]);
  const [memory, cpus, soft, hard] = result.stdout.split("\n");
  const kib = Number(/\d+/.exec(memory ?? "")?.[0]);
  assert(kib > 128 * 1024 && kib < 192 * 1024, memory);
  assert.deepEqual([cpus, soft, hard], ["2", "1000", "2000"]);
});

test("a command that takes more memory than it may is killed, and inspect says why", async () => {
  const flags = ["--name", "hungry", "-m", "32m"];
  const result = await daemon.dvm(["run", ...flags, image, "exec tail /dev/zero"]);
  assert.equal(result.code, 137);
  assert.equal(
    await daemon.succeeds(["inspect", "-f", "{{.State.OOMKilled}}", "hungry"]),
    "true\n",
  );
});

test("labels and the stop signal are kept with the container", async () => {
  const flags = ["--name", "labelled", "-l", "a=b", "--label", "c", "--stop-signal", "INT"];
  await daemon.succeeds(["run", ...flags, image, "true"]);
  const ask = (format: string) => daemon.succeeds(["inspect", "--format", format, "labelled"]);
  assert.deepEqual(JSON.parse(await ask("{{json .Config.Labels}}")), {
    a: "b",
    c: "",
    "org.dvm.fixture": "small",
  });
  assert.equal(await ask("{{.Config.StopSignal}}"), "INT\n");
});

test("with --rm nothing is left of a container, without it it can be started again", async () => {
  await daemon.succeeds(["run", "--name", "again", image, "echo run >> /work/log; cat /work/log"]);
  const second = await daemon.succeeds(["start", "-a", "again"]);
  assert.equal(second, "run\nrun\n");
  await daemon.succeeds(["rm", "again"]);
  const gone = await daemon.dvm(["start", "again"]);
  assert.equal(gone.code, 1);
  assert.match(gone.stderr, /No such container: again/);
});

test("a terminal has the size that was asked for, and echoes", async () => {
  const result = await daemon.client(
    "script",
    [
      "-qec",
      `stty rows 33 cols 77; exec ${join(import.meta.dirname, "../../dvm")} run --rm -it ${image} 'stty size; tty'`,
      "/dev/null",
    ],
    {},
  );
  assert.match(result.stdout, /33 77\r+\n/);
  assert.match(result.stdout, /\/dev\/pts\/0/);
});

test("a child that nobody waits for is reaped when an init runs", async () => {
  const line = "(sleep 0.1 &) ; sleep 0.5; ps -o stat,comm | grep -c '^Z' || true";
  assert.equal((await shell(line, ["--init"])).stdout.trim(), "0");
});

test("six runs at once each get their own answer", async () => {
  const runs = Array.from({ length: 6 }, (_, index) => shell(`echo ${index}; hostname`));
  const outputs = (await Promise.all(runs)).map(({ stdout }) => stdout.split("\n"));
  assert.deepEqual(
    outputs.map(([index]) => index),
    ["0", "1", "2", "3", "4", "5"],
  );
  assert.equal(new Set(outputs.map(([, name]) => name)).size, 6);
});

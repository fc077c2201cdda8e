import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { TestDaemon } from "../support/test-daemon.ts";

const image = "dvm-fixture:small";
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start({ images: ["small.docker-save.tar"] });
});
after(() => daemon?.[Symbol.asyncDispose]());

const status = async (name: string) =>
  (await daemon.succeeds(["inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", name])).trim();

/** Polls until the logs hold `text`. */
async function logged(name: string, text: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if ((await daemon.dvm(["logs", name])).stdout.includes(text)) return;
    await delay(50);
  }
  assert.fail(`${name} never printed ${text}`);
}

test("ps shows what runs, and all with -a", async () => {
  await daemon.succeeds(["run", "-d", "--name", "shown", image, "sleep 1000"]);
  await daemon.succeeds(["run", "--name", "ended", image, "exit 3"]).catch(() => {});
  const running = await daemon.succeeds(["ps"]);
  assert.match(running, /^CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES\n/);
  assert.match(running, /dvm-fixture:small .* Up .* shown\n/);
  assert.doesNotMatch(running, /ended/);
  assert.match(await daemon.succeeds(["ps", "-a"]), /Exited \(3\) .* ended\n/);
  assert.equal(
    (await daemon.succeeds(["ps", "-q", "--no-trunc", "--filter", "name=shown"])).trim().length,
    64,
  );
  await daemon.succeeds(["rm", "-f", "shown", "ended"]);
});

test("stop asks first: a command that listens ends by itself", async () => {
  const line = "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.1; done";
  await daemon.succeeds(["run", "-d", "--name", "polite", image, line]);
  await logged("polite", "ready");
  await daemon.succeeds(["stop", "polite"]);
  assert.equal(await status("polite"), "exited 7");
  assert.equal(await daemon.succeeds(["logs", "polite"]), "ready\nbye\n");
});

test("stop ends a command that doesn't listen, after its time", async () => {
  await daemon.succeeds([
    "run",
    "-d",
    "--name",
    "deaf",
    image,
    "trap '' TERM; echo ready; while :; do sleep 1; done",
  ]);
  await logged("deaf", "ready");
  await daemon.succeeds(["stop", "-t", "1", "deaf"]);
  assert.equal(await status("deaf"), "exited 137");
});

test("kill sends the signal that was asked for", async () => {
  await daemon.succeeds([
    "run",
    "-d",
    "--name",
    "killed",
    image,
    "trap 'echo usr1' USR1; echo ready; while :; do sleep 0.1; done",
  ]);
  await logged("killed", "ready");
  await daemon.succeeds(["kill", "-s", "USR1", "killed"]);
  await logged("killed", "usr1");
  await daemon.succeeds(["kill", "killed"]);
  assert.equal(await status("killed"), "exited 137");
  const again = await daemon.dvm(["kill", "killed"]);
  assert.match(again.stderr, /is not running/);
});

test("wait gives the exit code when the container has ended", async () => {
  await daemon.succeeds(["run", "-d", "--name", "awaited", image, "sleep 1; exit 9"]);
  assert.equal(await daemon.succeeds(["wait", "awaited"]), "9\n");
});

test("restart gives the same container a new machine", async () => {
  await daemon.succeeds([
    "run",
    "-d",
    "--name",
    "restarted",
    image,
    "echo start >> /work/log; cat /work/log; sleep 1000",
  ]);
  await logged("restarted", "start");
  await daemon.succeeds(["restart", "-t", "0", "restarted"]);
  await logged("restarted", "start\nstart\nstart\n");
  assert.equal(await status("restarted"), "running 0");
  await daemon.succeeds(["rm", "-f", "restarted"]);
});

test("logs are cut by --tail, stamped by -t, and followed by -f to the end", async () => {
  await daemon.succeeds([
    "run",
    "-d",
    "--name",
    "talker",
    image,
    "for i in 1 2 3 4 5; do echo $i; sleep 0.3; done",
  ]);
  const followed = await daemon.succeeds(["logs", "-f", "talker"]);
  assert.equal(followed, "1\n2\n3\n4\n5\n");
  assert.equal(await daemon.succeeds(["logs", "--tail", "2", "talker"]), "4\n5\n");
  assert.match(
    await daemon.succeeds(["logs", "-t", "--tail", "1", "talker"]),
    /^\d{4}-\d\d-\d\dT\S+Z 5\n$/,
  );
});

test("exec runs further commands in the container, with its own exit codes", async () => {
  await daemon.succeeds(["run", "-d", "--name", "host", "-e", "A=1", image, "sleep 1000"]);
  const shell = (line: string, flags: string[] = []) =>
    daemon.dvm(["exec", ...flags, "host", "sh", "-c", line]);
  assert.deepEqual(await shell("echo $A $B; echo e >&2; exit 5", ["-e", "B=2"]), {
    code: 5,
    stdout: "1 2\n",
    stderr: "e\n",
  });
  assert.equal((await shell("id -u; pwd", ["-u", "alice", "-w", "/tmp"])).stdout, "1000\n/tmp\n");
  assert.equal((await shell("ps | grep -c 'sleep 1000'")).stdout.trim() >= "1", true);
  assert.equal(
    (await daemon.dvm(["exec", "-i", "host", "cat"], { input: "through\n" })).stdout,
    "through\n",
  );
  const missing = await daemon.dvm(["exec", "host", "nosuch"]);
  assert.equal(missing.code, 127);
  assert.match(missing.stdout, /"nosuch": executable file not found in \$PATH/);
  assert.equal((await daemon.dvm(["exec", "host", "/etc/passwd"])).code, 126);
  assert.match(await daemon.succeeds(["top", "host"]), /sleep 1000/);
  await daemon.succeeds(["rm", "-f", "host"]);
  assert.match((await daemon.dvm(["exec", "host", "true"])).stderr, /No such container: host/);
});

test("attach shows what comes, takes input, and ends with the container's exit code", async () => {
  await daemon.succeeds([
    "run",
    "-d",
    "-i",
    "--name",
    "attached",
    image,
    "read line; echo got $line; exit 4",
  ]);
  const attached = daemon.spawnClient(["attach", "attached"]);
  assert(attached.stdin !== null && attached.stdout !== null);
  const ended = once(attached, "close");
  attached.stdin.write("hello\n"); // and stays open: its end would let go of the output, too
  assert.equal(await text(attached.stdout), "got hello\n");
  assert.deepEqual(await ended, [4, null]);
});

test("pause stops the machine's time, unpause lets it go on", async () => {
  await daemon.succeeds([
    "run",
    "-d",
    "--name",
    "paused",
    image,
    "while :; do echo x; sleep 0.1; done",
  ]);
  await logged("paused", "x");
  await daemon.succeeds(["pause", "paused"]);
  const before = (await daemon.succeeds(["logs", "paused"])).length;
  await delay(500);
  assert.equal((await daemon.succeeds(["logs", "paused"])).length, before);
  assert.match(await daemon.succeeds(["ps"]), /\(Paused\)/);
  await daemon.succeeds(["unpause", "paused"]);
  await delay(500);
  assert((await daemon.succeeds(["logs", "paused"])).length > before);
  await daemon.succeeds(["rm", "-f", "paused"]);
});

for (const signal of ["SIGTERM", "SIGKILL"] as const) {
  test(`a daemon that ends by ${signal} and comes back has lost no line and no exit code`, async () => {
    const name = `survivor-${signal}`;
    const lines = 4000;
    await daemon.succeeds([
      "run",
      "-d",
      "--name",
      name,
      image,
      `i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); echo line $i; done; sleep 2; exit 6`,
    ]);
    await logged(name, "line 100\n");
    await daemon.endProcess(signal);
    await delay(1500);
    await daemon.startProcess();
    assert.equal(await daemon.succeeds(["wait", name]), "6\n");
    const expected = Array.from({ length: lines }, (_, index) => `line ${index + 1}\n`).join("");
    const found = await daemon.succeeds(["logs", name]);
    assert(found === expected, `the log has ${found.split("\n").length} lines`);
  });
}

test("a container that is paused while a daemon comes and goes stays paused, and lives", async () => {
  await daemon.succeeds([
    "run",
    "-d",
    "--name",
    "frozen",
    image,
    "while :; do echo x; sleep 0.1; done",
  ]);
  await logged("frozen", "x");
  await daemon.succeeds(["pause", "frozen"]);
  await daemon.endProcess();
  await daemon.startProcess();
  assert.equal(await status("frozen"), "paused 0");
  await daemon.succeeds(["unpause", "frozen"]);
  const before = (await daemon.succeeds(["logs", "frozen"])).length;
  await delay(500);
  assert((await daemon.succeeds(["logs", "frozen"])).length > before);
  await daemon.succeeds(["rm", "-f", "frozen"]);
});

test("a daemon that is killed in the middle of starts leaves no machine that no container has", async () => {
  await daemon.succeeds(["run", "--rm", image, "true"]); // there is a template now
  for (const waitMs of [250, 350, 450, 550]) {
    const starts = Array.from({ length: 10 }, () => daemon.dvm(["run", "-d", image, "sleep 1000"]));
    await delay(waitMs);
    await daemon.endProcess("SIGKILL");
    await Promise.all(starts); // some have failed, and some have started a daemon of their own
    for (const pid of await daemon.daemons()) process.kill(pid, "SIGKILL");
    while ((await daemon.daemons()).length > 0) await delay(20);
    await daemon.startProcess();
    const running = (await daemon.succeeds(["ps", "-q"])).split("\n").filter(Boolean);
    assert.equal((await daemon.machineProcesses()).length, running.length);
    const all = (await daemon.succeeds(["ps", "-aq"])).split("\n").filter(Boolean);
    if (all.length > 0) await daemon.succeeds(["rm", "-f", ...all]);
  }
});

test("a container whose machine is killed from outside is booked as ended", async () => {
  await daemon.succeeds(["run", "-d", "--name", "shot", image, "sleep 1000"]);
  const pid = Number(await daemon.succeeds(["inspect", "-f", "{{.State.Pid}}", "shot"]));
  process.kill(pid, "SIGKILL");
  assert.equal(await daemon.succeeds(["wait", "shot"]), "255\n");
  assert.match(
    await daemon.succeeds(["inspect", "-f", "{{.State.Error}}", "shot"]),
    /the machine ended/,
  );
});

test("a client that goes away doesn't end the container", async () => {
  const client = daemon.spawnClient(["run", "--name", "left", image, "echo ready; sleep 1000"]);
  await logged("left", "ready");
  client.kill("SIGKILL");
  await once(client, "close");
  assert.equal(await status("left"), "running 0");
  await daemon.succeeds(["rm", "-f", "left"]);
});

test("sixty containers that are made at once without a name get sixty names", async () => {
  const created = await Promise.all(
    Array.from({ length: 60 }, () => post("/containers/create", { Image: image })),
  );
  assert.deepEqual(new Set(created.map(({ status }) => status)), new Set([201]));
  const names = (await daemon.succeeds(["ps", "-a", "--format", "{{.Names}}"])).trim().split("\n");
  assert.equal(new Set(names).size, names.length);
  await daemon.succeeds(["rm", ...created.map(({ id }) => id)]);
});

test("clients that find no daemon start one between them", async () => {
  await daemon.endProcess();
  try {
    const versions = await Promise.all([1, 2, 3].map(() => daemon.dvm(["version"])));
    assert.deepEqual(
      versions.map(({ code, stderr }) => [code, stderr]),
      [
        [0, ""],
        [0, ""],
        [0, ""],
      ],
    );
  } finally {
    // one that came too late may still be on its way to find that out
    while ((await daemon.daemons()).length > 1) await delay(20);
    const pid = Number(await readFile(join(daemon.root, "run/dvm.pid"), "utf8"));
    process.kill(pid, "SIGTERM");
    while (await stat(join(daemon.root, "run/dvm.pid")).catch(() => undefined)) await delay(20);
    await daemon.startProcess();
  }
});

/** A call of the API without a client of ours. */
function post(path: string, body: object): Promise<{ status: number; id: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        socketPath: join(daemon.root, "run/dvm.sock"),
        path,
        method: "POST",
        headers: { "Content-Type": "application/json" },
      },
      (response) => {
        text(response).then((answer) => {
          const { Id } = JSON.parse(answer) as { Id: string };
          resolve({ status: response.statusCode ?? 0, id: Id });
        }, reject);
      },
    );
    asked.on("error", reject);
    asked.end(JSON.stringify(body));
  });
}

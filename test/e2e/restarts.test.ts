import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { TestDaemon } from "../support/test-daemon.ts";

const image = "dvm-fixture:small";
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start({ images: ["small.docker-save.tar"] });
});
after(() => daemon?.[Symbol.asyncDispose]());

/** Returns once a template of `inspect` gives what is wanted: that. */
async function shows(name: string, template: string, wanted: RegExp): Promise<string> {
  let shown = "";
  for (let tries = 0; !wanted.test(shown); tries += 1) {
    assert(tries < 120, `${name} shows ${shown}`);
    await delay(250);
    shown = (await daemon.succeeds(["inspect", "-f", template, name])).trim();
  }
  return shown;
}

test("a container that its policy starts again has its files, and a machine at a time", async () => {
  const line = "echo x >> /count; wc -l < /count; exit 3";
  await daemon.succeeds(["run", "-d", "--restart", "on-failure:2", "--name", "again", image, line]);
  const template = "{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}";
  await shows("again", template, /^exited 3 2$/);
  assert.equal((await daemon.succeeds(["logs", "again"])).replaceAll(" ", ""), "1\n2\n3\n");
  await daemon.succeeds(["rm", "again"]);
});

test("a container whose machine is killed is started again, also when no daemon saw it", async () => {
  await daemon.succeeds([
    "run",
    "-d",
    "--restart",
    "always",
    "--name",
    "kept",
    image,
    "sleep 1000",
  ]);
  const pid = Number(await shows("kept", "{{.State.Pid}}", /^[1-9]/));
  process.kill(pid, "SIGKILL");
  await shows("kept", "{{.RestartCount}} {{.State.Status}}", /^1 running$/);
  const next = Number(await shows("kept", "{{.State.Pid}}", /^[1-9]/));
  await daemon.endProcess();
  process.kill(next, "SIGKILL");
  await daemon.startProcess();
  await shows("kept", "{{.State.Status}}", /^running$/);
  await daemon.succeeds(["rm", "-f", "kept"]);
});

test("health is checked on while no daemon runs", async () => {
  const flags = [
    "--health-cmd",
    "[ -e /good ]",
    "--health-interval",
    "1s",
    "--health-retries",
    "2",
  ];
  await daemon.succeeds(["run", "-d", "--name", "checked", ...flags, image, "sleep 1000"]);
  await daemon.succeeds(["exec", "checked", "sh", "-c", "echo > /good"]);
  await shows("checked", "{{.State.Health.Status}}", /^healthy$/);
  await daemon.succeeds(["exec", "checked", "rm", "/good"]);
  await daemon.endProcess();
  await delay(5_000);
  await daemon.startProcess();
  const health = await shows("checked", "{{json .State.Health}}", /"unhealthy"/);
  const { FailingStreak }: { FailingStreak: number } = JSON.parse(health);
  assert(FailingStreak >= 2);
  await daemon.succeeds(["rm", "-f", "checked"]);
});

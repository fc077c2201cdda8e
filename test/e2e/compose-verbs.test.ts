import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { composePlugin } from "../compat/clients/compose-clients.ts";
import { ComposeProject, eventually } from "../support/compose-project.ts";
import { TestDaemon } from "../support/test-daemon.ts";
import { standIns } from "../stand-ins/image-table.ts";
import { writeStandIns } from "../stand-ins/make-archive.ts";

const timeout = 300_000;
let daemon: TestDaemon;
let project: ComposeProject;

before(async () => {
  daemon = await TestDaemon.start();
  const archive = join(daemon.root, "stand-ins.tar");
  const small = standIns.filter(({ base }) => base === "busybox");
  await writeStandIns(archive, small);
  await daemon.succeeds(["load", "-i", archive]);
  project = await ComposeProject.open(daemon, {
    folder: join(import.meta.dirname, "compose-verbs"),
    client: await composePlugin(),
  });
  await project.compose("up", "-d");
});
after(async () => {
  await project?.[Symbol.asyncDispose]();
  await daemon?.[Symbol.asyncDispose]();
});

/** `web running 0`, line by line. */
const states = () =>
  project.compose("ps", "-a", "--format", "{{.Service}} {{.State}} {{.ExitCode}}");

test("run starts one more container on the project's network, and gives its exit code", async () => {
  const words = ["run", "--rm", "idle", "sh", "-c", "wget -qO- http://web/; exit 7"];
  const { code, stdout } = await project.tries(...words);
  assert.deepEqual({ code, stdout }, { code: 7, stdout: "first\n" });
});

test("exec, top, port, logs and stats tell of a service", async () => {
  assert.match(
    await project.compose("exec", "-T", "web", "cat", "/etc/resolv.conf"),
    /127\.0\.0\.11/,
  );
  assert.match(await project.compose("top", "web"), /httpd -f -p 80/);
  assert.equal(await fetched(), "first\n");
  assert.match(await project.compose("logs", "--no-log-prefix", "web"), /^serving$/m);
  assert.match(await project.compose("stats", "--no-stream", "web"), /web-1/);
});

test("cp brings files into a service and out of it", async () => {
  await project.compose("cp", "site/page.html", "web:/www/copied.html");
  await project.compose("cp", "web:/www/copied.html", "back.html");
  assert.equal(await readFile(join(project.folder, "back.html"), "utf8"), "of the host\n");
});

test(
  "pause, unpause, kill, start, restart and stop change what they name",
  { timeout },
  async () => {
    await project.compose("pause");
    assert.equal(sorted(await states()), "idle paused 0\nweb paused 0");
    await project.compose("unpause");
    await project.compose("kill", "idle");
    await eventually(states, (text) => sorted(text) === "idle exited 137\nweb running 0");
    await project.compose("start", "idle");
    await project.compose("restart", "-t", "1", "web");
    await project.compose("stop", "-t", "1", "idle");
    await eventually(states, (text) => sorted(text) === "idle exited 137\nweb running 0");
    await project.compose("up", "-d");
  },
);

test("scale makes as many as are asked for, and removes again", { timeout }, async () => {
  await project.compose("scale", "idle=3");
  assert.equal((await project.compose("ps", "-q", "idle")).trim().split("\n").length, 3);
  const names = await project.compose("exec", "-T", "web", "nslookup", "idle");
  assert.equal(names.match(/^Address.*172\./gm)?.length, 3, names);
  await project.compose("scale", "idle=1");
  assert.equal((await project.compose("ps", "-q", "idle")).trim().split("\n").length, 1);
});

test("events tell what happens to the project's containers", { timeout }, async () => {
  await using events = background("events");
  await eventually(
    async () => {
      await project.compose("exec", "-T", "web", "true");
      return events.said;
    },
    (said) => /exec_die.*web-1|web-1.*exec_die|container exec_die/.test(said),
  );
});

test("watch brings what changes in a folder into the service that runs", { timeout }, async () => {
  await using watch = background("watch", "--no-up");
  await eventually(
    async () => watch.said,
    (said) => /Watch enabled/.test(said),
  );
  const page = async () => {
    await writeFile(join(project.folder, "site/page.html"), "changed\n");
    return fetched("page.html");
  };
  assert.equal(await eventually(page, (text) => text === "changed\n"), "changed\n");
});

async function fetched(path = ""): Promise<string> {
  const response = await fetch(`http://${await project.address("web", 80)}/${path}`);
  return response.text();
}

function sorted(text: string): string {
  return text.trim().split("\n").toSorted().join("\n");
}

/** A command of compose that goes on until it is let go. */
function background(...words: string[]): { said: string } & AsyncDisposable {
  const { program, all, environment } = project.command(words);
  const child = spawn(program, all, {
    cwd: project.folder,
    env: { ...process.env, ...environment },
  });
  const running = {
    said: "",
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, "close");
      child.kill("SIGINT");
      await ended;
    },
  };
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (running.said += text));
  return running;
}

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fixture } from "../support/cache.ts";
import { TestDaemon } from "../support/test-daemon.ts";

const image = "dvm-fixture:small";
let daemon: TestDaemon;

before(async () => {
  daemon = await TestDaemon.start();
});
after(() => daemon?.[Symbol.asyncDispose]());

/** The real docker CLI, which must succeed. */
async function docker(...words: string[]): Promise<string> {
  const result = await daemon.docker(words);
  assert.equal(result.code, 0, `docker ${words.join(" ")}: ${result.stderr}`);
  return result.stdout;
}

test("docker's own CLI loads, runs and removes", async () => {
  assert.equal(
    await docker("load", "-i", fixture("small.docker-save.tar")),
    `Loaded image: ${image}\n`,
  );
  assert.match(
    await docker("images"),
    /dvm-fixture +small +e0223132d5b0|dvm-fixture:small|dvm-fixture +small /,
  );
  assert.equal(await docker("run", "--rm", image), "small image speaking\n");
  const failed = await daemon.docker(["run", "--rm", image, "echo out; echo err >&2; exit 3"]);
  assert.deepEqual(failed, { code: 3, stdout: "out\n", stderr: "err\n" });
  assert.equal(await docker("ps", "-aq"), "");
});

test("docker's own CLI gets docker's exit codes for commands that can't run", async () => {
  const code = async (entrypoint: string) =>
    (await daemon.docker(["run", "--rm", "--entrypoint", entrypoint, image])).code;
  assert.equal(await code("nosuch"), 127);
  assert.equal(await code("/etc/passwd"), 126);
});

test("docker's own CLI follows a container through its life", async () => {
  await docker(
    "run",
    "-d",
    "--name",
    "life",
    "-e",
    "A=b",
    "-l",
    "x=y",
    image,
    "trap 'exit 5' TERM; echo ready; while :; do sleep 0.1; done",
  );
  assert.match(await docker("ps"), / life\n/);
  assert.equal(await docker("exec", "life", "sh", "-c", "echo $A"), "b\n");
  const piped = await daemon.docker(["exec", "-i", "life", "cat"], { input: "piped\n" });
  assert.equal(piped.stdout, "piped\n");
  assert.equal((await daemon.docker(["exec", "life", "sh", "-c", "exit 9"])).code, 9);
  assert.equal(await docker("logs", "life"), "ready\n");
  assert.match(await docker("top", "life"), /sleep 0\.1|trap/);
  assert.match(await docker("stats", "--no-stream", "life"), /life +\d/);
  await docker("pause", "life");
  assert.match(await docker("ps"), /\(Paused\)/);
  await docker("unpause", "life");
  await docker("stop", "life");
  assert.equal(
    await docker("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", "life"),
    "exited 5\n",
  );
  await docker("start", "life");
  await docker("kill", "life");
  assert.equal(await docker("wait", "life"), "137\n");
  await docker("rename", "life", "after");
  await docker("rm", "after");
});

test("docker's own CLI attaches with input and gets the exit code", async () => {
  const result = await daemon.docker(["run", "-i", "--rm", image, "read a; echo got $a; exit 4"], {
    input: "word\n",
  });
  assert.deepEqual(result, { code: 4, stdout: "got word\n", stderr: "" });
});

test("docker's own CLI makes, lists, uses and removes volumes", async () => {
  await docker("volume", "create", "kept");
  await docker("run", "--rm", "-v", "kept:/data", image, "echo x > /data/file");
  assert.equal(await docker("run", "--rm", "-v", "kept:/data", image, "cat /data/file"), "x\n");
  assert.equal(await docker("volume", "ls", "-q"), "kept\n");
  await docker("volume", "rm", "kept");
});

test("docker's own CLI reads version and info", async () => {
  assert.match(await docker("version"), /Server: DVM/);
  assert.match(await docker("info"), /Storage Driver: erofs/);
});

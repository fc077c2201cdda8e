import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { spawnSync } from "node:child_process";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { FakeDaemon, sendJson } from "./support/fake-daemon.ts";
import { runCli } from "./support/run-cli.ts";

test("stop prints each name, goes on after a failure and ends with 1", async () => {
  await using daemon = await FakeDaemon.start();
  daemon
    .on("POST /containers/a/stop", (_request, response) => sendJson(response, 204, undefined))
    .fails("POST /containers/b/stop", 404, "No such container: b")
    .on("POST /containers/c/stop", (_request, response) => sendJson(response, 304, undefined));
  assert.deepEqual(await runCli(daemon, ["stop", "-t", "1", "a", "b", "c"]), {
    code: 1,
    stdout: "a\nc\n",
    stderr: "Error response from daemon: No such container: b\n",
  });
});

test("rm --force of what isn't there is told, and no failure", async () => {
  await using daemon = await FakeDaemon.start();
  daemon.fails("DELETE /containers/x", 404, "No such container: x");
  const forced = await runCli(daemon, ["rm", "-f", "x"]);
  assert.equal(forced.code, 0);
  assert.equal(forced.stderr, "Error response from daemon: No such container: x\n");
  assert.equal((await runCli(daemon, ["rm", "x"])).code, 1);
});

test("inspect finds containers, then images, and says what it doesn't find", async () => {
  await using daemon = await FakeDaemon.start();
  daemon.on("GET /containers/c/json", { Id: "c" }).on("GET /images/i/json", { Id: "i" });
  const { code, stdout, stderr } = await runCli(daemon, ["inspect", "c", "i", "x"]);
  assert.equal(code, 1);
  assert.deepEqual(JSON.parse(stdout), [{ Id: "c" }, { Id: "i" }]);
  assert.equal(stderr, "Error: No such object: x\n");
  const formatted = await runCli(daemon, ["inspect", "-f", "{{.Id}}", "--type", "image", "i"]);
  assert.equal(formatted.stdout, "i\n");
});

test("load -i of a folder sends it as a tar that tar reads", async () => {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, "blobs/sha256"), { recursive: true });
  await writeFile(join(folder.path, "blobs/sha256", "a".repeat(64)), "x".repeat(1000));
  await writeFile(join(folder.path, "oci-layout"), "{}");
  await using daemon = await FakeDaemon.start();
  daemon
    .on("GET /_ping", {})
    .on("POST /images/load", (_request, response) =>
      response.end('{"stream":"Loaded image: a\\n"}\n'),
    );
  const { code, stdout } = await runCli(daemon, ["load", "-i", folder.path]);
  assert.deepEqual({ code, stdout }, { code: 0, stdout: "Loaded image: a\n" });
  const { body } = daemon.request("POST /images/load");
  const listed = spawnSync("tar", ["-tf", "-"], { input: body, encoding: "utf8" });
  assert.deepEqual(listed.stdout.trim().split("\n"), [
    `blobs/sha256/${"a".repeat(64)}`,
    "oci-layout",
  ]);
});

test("import sends standard input, the name in two parts and the changes", async () => {
  await using daemon = await FakeDaemon.start();
  daemon
    .on("GET /_ping", {})
    .on("POST /images/create", (_request, response) => response.end('{"status":"sha256:1"}\n'));
  const argv = ["import", "-c", "CMD a", "-c", "ENV B=1", "-m", "note", "-", "mine:v2"];
  const { stdout } = await runCli(daemon, argv, { input: "tar" });
  assert.equal(stdout, "sha256:1\n");
  const { query, body } = daemon.request("POST /images/create");
  assert.equal(body.toString(), "tar");
  assert.deepEqual([query.get("repo"), query.get("tag")], ["mine", "v2"]);
  assert.deepEqual(query.getAll("changes"), ["CMD a", "ENV B=1"]);
});

test("an error in the middle of a load is a failure", async () => {
  await using daemon = await FakeDaemon.start();
  daemon
    .on("GET /_ping", {})
    .on("POST /images/load", (_request, response) =>
      response.end('{"error":"it ends too early"}\n'),
    );
  const { code, stderr } = await runCli(daemon, ["load"], { input: "x" });
  assert.deepEqual(
    { code, stderr },
    { code: 1, stderr: "Error response from daemon: it ends too early\n" },
  );
});

test("a daemon that isn't there is said with its address", async () => {
  const daemon = await FakeDaemon.start();
  await daemon[Symbol.asyncDispose]();
  const { code, stderr } = await runCli(daemon, ["ps"]);
  assert.equal(code, 1);
  assert.ok(stderr.startsWith(`Cannot connect to the DVM daemon at ${daemon.host}.`), stderr);
});

test("every command has a help that names it, under docker's long name too", async () => {
  await using daemon = await FakeDaemon.start();
  const { stdout } = await runCli(daemon, ["--help"]);
  const names = [...stdout.matchAll(/^ {2}([a-z]+(?: [a-z]+)?) {2,}/gm)].map(
    ([, name = ""]) => name,
  );
  assert.ok(names.length > 30, stdout);
  for (const name of names.filter((name) => !["daemon", "setup", "doctor"].includes(name)))
    assert.match((await runCli(daemon, [...name.split(" "), "--help"])).stdout, /^Usage: {2}dvm /);
  assert.match((await runCli(daemon, ["container", "ls", "--help"])).stdout, /dvm ps/);
  assert.match((await runCli(daemon, ["container"])).stdout, /dvm container COMMAND/);
  assert.deepEqual(daemon.calls(), []);
});

test("an unknown command, a wrong flag and a missing argument are refused with the usage", async () => {
  await using daemon = await FakeDaemon.start();
  const cases: [argv: string[], code: number, message: RegExp][] = [
    [["nope"], 1, /^dvm: unknown command: dvm nope/],
    [["run", "--replicas=2", "x"], 125, /^unknown flag: --replicas/],
    [["rm"], 1, /^dvm: 'dvm rm' requires at least 1 argument/],
    [["top"], 1, /^dvm: 'dvm top' requires at least 1 argument/],
  ];
  for (const [argv, code, message] of cases) {
    const result = await runCli(daemon, argv);
    assert.equal(result.code, code);
    assert.match(result.stderr, message);
  }
  assert.deepEqual(daemon.calls(), []);
});

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { progressBar } from "../../src/base/progress-bar.ts";
import { canonicalName } from "../../src/cli/options/image-name.ts";
import {
  eraseCredentials,
  readCredentials,
  storeCredentials,
} from "../../src/cli/registry/credential-store.ts";
import { writeDockerConfig, readDockerConfig } from "../../src/cli/registry/docker-config.ts";
import { withProxies } from "../../src/cli/registry/proxy-environment.ts";
import { registryOf } from "../../src/cli/registry/registry-header.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { runCli } from "./support/run-cli.ts";
import { FakeDaemon } from "./support/fake-daemon.ts";

test("credentials lie as docker's CLI keeps them, and all else in its file stays", async () => {
  await using folder = await temporaryFolder();
  const environment = { DOCKER_CONFIG: folder.path };
  const path = join(folder.path, "config.json");
  await writeDockerConfig(path, { psFormat: "x", auths: { "https://old.example/v1/": {} } });
  const old = { username: "u", password: "p:q", serveraddress: "old.example" };
  await storeCredentials(old, environment);
  const hub = { username: "h", identitytoken: "t", serveraddress: "https://index.docker.io/v1/" };
  await storeCredentials(hub, environment);
  assert.deepEqual(await readDockerConfig(path), {
    psFormat: "x",
    auths: {
      "https://old.example/v1/": { auth: Buffer.from("u:p:q").toString("base64") },
      "https://index.docker.io/v1/": { auth: "aDo=", identitytoken: "t" },
    },
  });
  assert.deepEqual(await readCredentials("old.example", environment), old);
  assert.deepEqual(await readCredentials("docker.io", environment), { password: "", ...hub });
  assert.equal(await readCredentials("other.example", environment), undefined);
  assert.equal(await eraseCredentials("old.example", environment), true);
  assert.equal(await eraseCredentials("old.example", environment), false);
  assert.equal(await readCredentials("old.example", environment), undefined);
});

test("a credential helper that isn't there, or fails, is named", async () => {
  await using folder = await temporaryFolder();
  await writeDockerConfig(join(folder.path, "config.json"), { credsStore: "no-such" });
  await assert.rejects(readCredentials("x.example", { DOCKER_CONFIG: folder.path, PATH: "/bin" }), {
    code: "unavailable",
    message: /cannot run docker-credential-no-such/,
  });
});

test("containers get the proxies of docker's config.json, unless told otherwise", () => {
  const config = { proxies: { default: { httpProxy: "http://p:1", noProxy: "x" } } };
  assert.deepEqual(withProxies(["A=b", "http_proxy=mine"], config), [
    "A=b",
    "http_proxy=mine",
    "HTTP_PROXY=http://p:1",
    "NO_PROXY=x",
    "no_proxy=x",
  ]);
  assert.deepEqual(withProxies(["A=b"], {}), ["A=b"]);
});

test("names mean the registries that docker means", () => {
  assert.equal(registryOf("busybox"), "docker.io");
  assert.equal(registryOf("team/app:1"), "docker.io");
  assert.equal(registryOf("localhost/app"), "localhost");
  assert.equal(registryOf("host:5000/app:1"), "host:5000");
  assert.equal(canonicalName("busybox"), "docker.io/library/busybox:latest");
  assert.equal(canonicalName("docker.io/busybox:1"), "docker.io/library/busybox:1");
  assert.equal(canonicalName("team/app"), "docker.io/team/app:latest");
  assert.equal(canonicalName("host:5000/app", false), "host:5000/app");
});

test("a bar is drawn as docker draws it", () => {
  assert.equal(progressBar(0, 0), "");
  assert.equal(progressBar(1_087_745, 0), " 1.088MB");
  assert.equal(progressBar(0, 100), `[>${" ".repeat(49)}]       0B/100B`);
  assert.equal(progressBar(50, 100), `[${"=".repeat(25)}>${" ".repeat(24)}]      50B/100B`);
  assert.equal(progressBar(100, 100), `[${"=".repeat(50)}]     100B/100B`);
  assert.equal(progressBar(50, 100, 80), "     50B/100B");
});

test("a password is asked for without showing it", async () => {
  await using daemon = await FakeDaemon.start();
  await using folder = await temporaryFolder();
  daemon.on("POST /auth", { Status: "Login Succeeded", IdentityToken: "" });
  const program = join(import.meta.dirname, "../../src/bin/dvm.ts");
  const command = `${process.execPath} ${program} --host ${daemon.host} login host.example:5000`;
  const terminal = spawn("script", ["-qec", command, "/dev/null"], {
    env: { ...process.env, DOCKER_CONFIG: folder.path },
    timeout: 30_000,
  });
  const answers = new Map([
    ["Username: ", "alice\n"],
    ["Password: ", "wonderland\n"],
  ]);
  let stdout = "";
  for await (const text of terminal.stdout.setEncoding("utf8") as AsyncIterable<string>) {
    stdout += text;
    for (const [question, answer] of answers) {
      if (!stdout.includes(question)) continue;
      answers.delete(question);
      terminal.stdin.write(answer);
    }
  }
  assert.match(stdout, /Username: .*alice/);
  assert.match(stdout, /Password: \r?\n/);
  assert.match(stdout, /Login Succeeded/);
  assert.deepEqual(JSON.parse(daemon.request("POST /auth").body.toString()), {
    username: "alice",
    password: "wonderland",
    serveraddress: "host.example:5000",
  });
  assert(!stdout.includes("wonderland"), stdout);
});

test("without a terminal a login needs a name and a password", async () => {
  await using daemon = await FakeDaemon.start();
  const { code, stderr } = await runCli(daemon, ["login", "host.example"]);
  assert.equal(code, 1);
  assert.match(stderr, /^Cannot perform an interactive login from a non TTY device/);
});

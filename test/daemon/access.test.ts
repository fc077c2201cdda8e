import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { Agent, request } from "node:https";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { test } from "node:test";
import { asObject } from "../../src/client/json.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { TestDaemon } from "../support/test-daemon.ts";
import { makeCertificates } from "./certificates.ts";
import { freePort } from "../support/free-port.ts";

const dvm = join(import.meta.dirname, "../../dvm");
const deadlineMs = 30_000;

test("TCP is served by mutual TLS: only to who shows a certificate of the CA's", async () => {
  await using folder = await temporaryFolder();
  const files = await makeCertificates(folder.path);
  const port = await freePort();
  const flags = ["--tlsverify", `--tlscacert=${files.ca}`, `--tlscert=${files.server.cert}`];
  await using daemon = await TestDaemon.start({
    flags: [...flags, `--tlskey=${files.server.key}`, `--host=tcp://127.0.0.1:${port}`],
  });
  assert.equal(await pingByTls(port, files.ca, files.client), "OK");
  await assert.rejects(pingByTls(port, files.ca, files.stranger));
  await assert.rejects(pingByTls(port, files.ca, undefined));
  const environment = { DOCKER_HOST: `tcp://127.0.0.1:${port}`, DOCKER_CERT_PATH: folder.path };
  const docker = await daemon.docker(["--tlsverify", "version", "-f", "{{.Server.Version}}"], {
    environment,
  });
  assert.equal(docker.code, 0, docker.stderr);
});

test("TCP without certificates is refused, but on loopback for who asks by name, who is warned", async () => {
  await using folder = await temporaryFolder();
  const refused = (words: string[]) => daemonFails(folder.path, words);
  assert.match(await refused(["-H", "tcp://0.0.0.0:1"]), /cannot listen at tcp:\/\/0.0.0.0:1/);
  assert.match(await refused(["-H", "tcp://0.0.0.0:1", "--tls=false"]), /cannot listen/);
  assert.match(
    await refused(["-H", "tcp://127.0.0.1:1"]),
    /without --tlsverify\nhint: --tls=false/,
  );

  const port = await freePort();
  await using daemon = await TestDaemon.start({
    flags: ["--tls=false", `--host=tcp://127.0.0.1:${port}`],
  });
  const answer = await fetch(`http://127.0.0.1:${port}/info`);
  const info = asObject(await answer.json());
  const expected = `API is accessible on http://127.0.0.1:${port} without encryption`;
  assert(String(info["Warnings"]).includes(expected), JSON.stringify(info["Warnings"]));
  assert((await daemon.log()).includes(`warning: ${expected}`));
});

test("a file is read, its sockets have the owner it says, and SIGHUP takes over what can be", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "config.json");
  const socket = join(folder.path, "other.sock");
  const metrics = await freePort();
  const content = {
    ...{ hosts: [`unix://${socket}`], "socket-mode": "0666", labels: ["a=b"], group: "1" },
    ...{ "log-format": "json", "metrics-addr": `127.0.0.1:${metrics}` },
  };
  await writeFile(file, JSON.stringify(content));
  await using daemon = await TestDaemon.start({ flags: [`--config=${file}`] });
  const { mode, gid } = await stat(socket);
  assert.deepEqual([mode & 0o777, gid], [0o666, 1]);
  const ask = async (format: string) =>
    (await daemon.docker(["-H", `unix://${socket}`, "info", "-f", format])).stdout.trim();
  assert.equal(await ask("{{.Labels}}"), "[a=b]");
  const figures = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
  assert.match(figures, /^engine_daemon_container_states_containers\{state="running"\} 0$/m);
  assert.match(figures, /^dvm_machines_running 0$/m);

  await writeFile(file, JSON.stringify({ ...content, labels: ["c=d"], debug: true }));
  process.kill(daemon.pid, "SIGHUP");
  await logged(daemon, "Reloaded configuration");
  assert.equal(await ask("{{.Labels}} {{.Debug}}"), "[c=d] true");
  const until = `--until=${Math.floor(Date.now() / 1000) + 1}`;
  const events = await daemon.docker(["events", "--since=1m", until, "--filter=type=daemon"]);
  assert.equal(events.code, 0, events.stderr);
  assert.match(events.stdout, /daemon reload .*labels=\["c=d"\]/);

  await writeFile(file, '{"nothing": 1}');
  process.kill(daemon.pid, "SIGHUP");
  await logged(daemon, "directives don't match any configuration option: nothing");
  assert.equal(await ask("{{.Labels}}"), "[c=d]");
});

test("--validate says whether a configuration would do, and starts nothing", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "config.json");
  const validate = (content: string) =>
    writeFile(file, content).then(() =>
      runDvm(folder.path, ["daemon", "--validate", "--config", file]),
    );
  assert.deepEqual(await validate('{"debug":true}'), { code: 0, text: "configuration OK\n" });
  const wrong = await validate('{"tlsverify":true,"tlscert":"/no","tlskey":"/no"}');
  assert.equal(wrong.code, 1);
  assert.match(wrong.text, /invalid TLS configuration: Could not load X509 key pair/);
  const missing = await runDvm(folder.path, ["daemon", "--validate", "--config", "/no/file"]);
  assert.match(missing.text, /with file \/no\/file: open \/no\/file: no such file or directory/);
});

test("a socket that the daemon is started with is served, and who started it hears when", async () => {
  await using folder = await temporaryFolder();
  const socket = join(folder.path, "s.sock");
  const notices = spawn("python3", ["-c", printDatagrams, join(folder.path, "notify")]);
  let told = "";
  notices.stdout.setEncoding("utf8").on("data", (text: string) => (told += text));
  const own = { ...ownEnvironment(folder.path), NOTIFY_SOCKET: join(folder.path, "notify") };
  const passed = Object.keys(own).flatMap((name) => ["-E", name]);
  const words = ["-l", socket, ...passed, dvm, "daemon", "-H", "fd://"];
  try {
    await eventually(async () => told.includes("ready"));
    await using _daemon = runningProcess("systemd-socket-activate", words, own);
    await eventually(async () => (await ping(socket)) === "OK");
    await eventually(async () => told.includes("READY=1"));
  } finally {
    notices.kill();
  }
});

function runningProcess(program: string, words: string[], env: NodeJS.ProcessEnv): AsyncDisposable {
  const child = spawn(program, words, { env, stdio: "ignore" });
  const ended = once(child, "exit");
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

const printDatagrams = `
import socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
print("ready", flush=True)
while True: print(listener.recv(4096).decode(), flush=True)
`;

test("docker -H ssh:// reaches the daemon through dial-stdio, docker's and DVM's", async () => {
  await using daemon = await TestDaemon.start();
  for (const program of ["docker", dvm]) {
    const ssh = join(daemon.root, "ssh");
    await writeFile(
      ssh,
      `#!/bin/sh\nunset DOCKER_CONTEXT\nexport DOCKER_HOST=unix://${daemon.root}/run/dvm.sock\nexec ${program} system dial-stdio\n`,
    );
    await chmod(ssh, 0o755);
    const environment = {
      DOCKER_HOST: "ssh://somewhere",
      PATH: `${daemon.root}:${process.env["PATH"]}`,
    };
    const answer = await daemon.docker(["version", "-f", "{{.Server.Version}}"], { environment });
    assert.equal(answer.code, 0, answer.stderr);
    assert.equal(answer.stdout, "0.1.0\n");
  }
});

test("docker context create and use lead to the daemon", async () => {
  await using daemon = await TestDaemon.start();
  const environment = { DOCKER_HOST: "" };
  const docker = async (...words: string[]) => {
    const answer = await daemon.docker(words, { environment });
    assert.equal(answer.code, 0, answer.stderr);
    return answer.stdout;
  };
  await docker("context", "create", "dvm", "--docker", `host=unix://${daemon.root}/run/dvm.sock`);
  await docker("context", "use", "dvm");
  assert.equal(await docker("version", "-f", "{{.Server.Platform.Name}}"), "DVM\n");
});

function ownEnvironment(root: string): NodeJS.ProcessEnv {
  const roots = { DVM_DATA_ROOT: join(root, "data"), DVM_RUN_ROOT: join(root, "run") };
  // a switch would outlive them
  return {
    ...process.env,
    ...roots,
    DVM_SWITCH: "off",
    HOME: root,
    XDG_CONFIG_HOME: root,
    DVM_POOL: "0",
  };
}

async function runDvm(root: string, words: string[]): Promise<{ code: unknown; text: string }> {
  const child = spawn(dvm, words, { env: ownEnvironment(root), timeout: deadlineMs });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (piece: string) => (text += piece));
  const [code]: unknown[] = await once(child, "close");
  return { code, text };
}

async function daemonFails(root: string, words: string[]): Promise<string> {
  const { code, text } = await runDvm(root, ["daemon", ...words]);
  assert.equal(code, 1, text);
  return text;
}

async function pingByTls(
  port: number,
  ca: string,
  pair: { cert: string; key: string } | undefined,
): Promise<string> {
  const agent = new Agent({
    ca: await readFile(ca),
    ...(pair === undefined
      ? {}
      : { cert: await readFile(pair.cert), key: await readFile(pair.key) }),
  });
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path: "/_ping", agent }, (answer) => {
      answer.setEncoding("utf8").on("data", resolve).on("error", reject);
    });
    asked.on("error", reject).end();
  });
}

async function ping(socketPath: string): Promise<string> {
  const { request: ask } = await import("node:http");
  return new Promise((resolve) => {
    ask({ socketPath, path: "/_ping" }, (answer) => {
      answer.setEncoding("utf8").on("data", resolve);
    })
      .on("error", () => resolve(""))
      .end();
  });
}

function logged(daemon: TestDaemon, text: string): Promise<void> {
  return eventually(async () => (await daemon.log()).includes(text));
}

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!(await holds())) {
    assert(performance.now() < deadline, "it never came");
    await delay(50);
  }
}

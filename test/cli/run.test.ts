import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { FakeDaemon, frame, sendJson } from "./support/fake-daemon.ts";
import { runCli } from "./support/run-cli.ts";

interface Behaviour {
  exitCode?: number;
  /** What the container writes once it has started. */
  output?: Buffer[];
  /** Echo standard input instead. */
  echo?: boolean;
}

/** A daemon with one container, which starts, writes and ends. */
async function daemonWithContainer(behaviour: Behaviour = {}): Promise<FakeDaemon> {
  const daemon = await FakeDaemon.start();
  const started = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  return daemon
    .on("POST /containers/create", (_request, response) => sendJson(response, 201, { Id: "c1" }))
    .takesOver("POST /containers/c1/attach", async (connection) => {
      await started.promise;
      if (behaviour.echo === true) connection.write(frame(1, await text(connection)));
      for (const bytes of behaviour.output ?? []) connection.write(bytes);
      connection.end();
      ended.resolve();
    })
    .on("POST /containers/c1/wait", async (_request, response) => {
      response.writeHead(200).flushHeaders();
      await ended.promise;
      response.end(JSON.stringify({ StatusCode: behaviour.exitCode ?? 0 }));
    })
    .on("POST /containers/c1/start", (_request, response) => {
      started.resolve();
      sendJson(response, 204, undefined);
    });
}

function failsToStart(daemon: FakeDaemon, message: string): FakeDaemon {
  return daemon
    .fails("POST /containers/c1/start", 400, message)
    .on("DELETE /containers/c1", (_request, response) => sendJson(response, 204, undefined));
}

test("run ends with the container's exit code and keeps its two outputs apart", async () => {
  await using daemon = await daemonWithContainer({
    exitCode: 7,
    output: [frame(1, "out\n"), frame(2, "err\n"), frame(1, "more\n")],
  });
  const result = await runCli(daemon, ["run", "busybox", "sh"]);
  assert.deepEqual(result, { code: 7, stdout: "out\nmore\n", stderr: "err\n" });
});

test("run attaches and waits before it starts the container", async () => {
  await using daemon = await daemonWithContainer();
  await runCli(daemon, ["run", "--name", "web", "busybox"]);
  const calls = daemon.calls();
  assert.equal(calls[0], "POST /containers/create");
  assert.equal(calls.at(-1), "POST /containers/c1/start");
  assert.deepEqual(calls.slice(1, 3).toSorted(), [
    "POST /containers/c1/attach",
    "POST /containers/c1/wait",
  ]);
  assert.equal(daemon.request("POST /containers/create").query.get("name"), "web");
});

test("run -i passes standard input on, to its end", async () => {
  await using daemon = await daemonWithContainer({ echo: true });
  const input = "line\n".repeat(50_000);
  const { code, stdout } = await runCli(daemon, ["run", "-i", "busybox", "cat"], { input });
  assert.equal(code, 0);
  assert.equal(stdout, input);
});

test("run -d prints the id and attaches to nothing", async () => {
  await using daemon = await daemonWithContainer();
  const { code, stdout } = await runCli(daemon, ["run", "-d", "busybox"]);
  assert.deepEqual({ code, stdout }, { code: 0, stdout: "c1\n" });
  assert.deepEqual(daemon.calls(), ["POST /containers/create", "POST /containers/c1/start"]);
});

test("run ends with 127, 126 or 125 by what kept the container from starting", async () => {
  const failures: [message: string, code: number][] = [
    [`exec: "x": executable file not found in $PATH`, 127],
    [`exec: "/x": stat /x: no such file or directory`, 127],
    [`exec: "/etc": is a directory`, 126],
    [`exec: "/f": permission denied`, 126],
    ["port is already allocated", 125],
  ];
  for (const [message, expected] of failures) {
    await using daemon = failsToStart(await daemonWithContainer(), message);
    const { code, stderr } = await runCli(daemon, ["run", "busybox", "x"]);
    assert.equal(code, expected, message);
    assert.ok(stderr.startsWith(`dvm: Error response from daemon: ${message}\n`), stderr);
    assert.match(stderr, /Run 'dvm run --help' for more information/);
  }
});

test("run --rm leaves no container behind when it doesn't start", async () => {
  await using daemon = failsToStart(await daemonWithContainer(), "no room");
  await runCli(daemon, ["run", "--rm", "busybox"]);
  assert.equal(daemon.calls().at(-1), "DELETE /containers/c1");
});

test("run says that an image isn't there and ends with 125", async () => {
  await using daemon = await FakeDaemon.start();
  daemon.fails("POST /containers/create", 404, "No such image: nope:latest");
  const { code, stderr } = await runCli(daemon, ["run", "--pull=never", "nope"]);
  assert.equal(code, 125);
  assert.match(stderr, /^dvm: Error response from daemon: No such image: nope:latest\n/);
});

test("run pulls an image that isn't there, and says what the registry said", async () => {
  await using daemon = await FakeDaemon.start();
  daemon.fails("POST /containers/create", 404, "No such image: nope:latest");
  daemon.fails("POST /images/create", 404, "pull access denied for nope");
  const { code, stderr } = await runCli(daemon, ["run", "--platform", "linux/amd64", "nope"]);
  assert.equal(code, 125);
  assert.match(stderr, /^Unable to find image 'nope:latest' locally\ndvm: Error .*access denied/);
  assert.deepEqual(Object.fromEntries(daemon.request("POST /images/create").query), {
    fromImage: "nope",
    tag: "latest",
    platform: "linux/amd64",
  });
});

test("run passes signals on to the container", async () => {
  await using daemon = await daemonWithContainer();
  let pid = 0;
  const killed = Promise.withResolvers<string | null>();
  daemon
    .takesOver("POST /containers/c1/attach", async (connection) => {
      connection.write(frame(1, "up\n"));
      await killed.promise;
      connection.end();
    })
    .on("POST /containers/c1/wait", async (_request, response) => {
      response.writeHead(200).flushHeaders();
      await killed.promise;
      response.end(JSON.stringify({ StatusCode: 130 }));
    })
    .on("POST /containers/c1/start", (_request, response) => {
      sendJson(response, 204, undefined);
      process.kill(pid, "SIGINT");
    })
    .on("POST /containers/c1/kill", ({ query }, response) => {
      killed.resolve(query.get("signal"));
      sendJson(response, 204, undefined);
    });
  const { code } = await runCli(daemon, ["run", "busybox"], { onStart: (id) => (pid = id) });
  assert.equal(code, 130);
  assert.equal(await killed.promise, "SIGINT");
});

test("run refuses a terminal when standard input is none", async () => {
  await using daemon = await FakeDaemon.start();
  const { code, stderr } = await runCli(daemon, ["run", "-it", "busybox"]);
  assert.deepEqual({ code, stderr }, { code: 1, stderr: "the input device is not a TTY\n" });
  assert.deepEqual(daemon.calls(), []);
});

test("exec ends with its command's exit code", async () => {
  await using daemon = await FakeDaemon.start();
  daemon
    .on("POST /containers/c1/exec", (_request, response) => sendJson(response, 201, { Id: "e1" }))
    .takesOver("POST /exec/e1/start", (connection) => {
      connection.end(frame(1, "hi\n"));
    })
    .on("GET /exec/e1/json", { ExitCode: 3 });
  const { code, stdout } = await runCli(daemon, ["exec", "-w", "/tmp", "c1", "sh", "-c", "x"]);
  assert.deepEqual({ code, stdout }, { code: 3, stdout: "hi\n" });
  const body = JSON.parse(daemon.request("POST /containers/c1/exec").body.toString());
  assert.deepEqual(body.Cmd, ["sh", "-c", "x"]);
  assert.equal(body.WorkingDir, "/tmp");
});

test("output that nobody reads any more ends the client, and is no failure", async () => {
  await using daemon = await FakeDaemon.start();
  daemon
    .on("GET /containers/c1/json", { Config: { Tty: false } })
    .on("GET /containers/c1/logs", async (_request, response) => {
      response.writeHead(200);
      const closed = once(response, "close").then(() => true);
      do response.write(frame(1, "again\n"));
      while (!(await Promise.race([closed, delay(20, false)])));
    });
  const { code, stderr } = await runCli(daemon, ["logs", "-f", "c1"], { stopReading: true });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
});

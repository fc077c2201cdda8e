import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, after, before, mock, suite, test } from "node:test";
import { DvmError } from "../../src/base/errors.ts";
import type { Fault, FaultPoint } from "../support/fake-machine/faults.ts";
import { TestEngine } from "../support/test-engine.ts";

let engine: TestEngine;

before(async () => {
  engine = await TestEngine.open();
});
afterEach(() => {
  engine.script.faults.clear();
  mock.restoreAll();
});
after(() => engine?.[Symbol.asyncDispose]());

/** A start that fails says why, leaves no machine and no folder, and works when the fault has gone. */
async function failsToStart(
  command: string[],
  expected: { status: number; exitCode: number; says: RegExp },
): Promise<string> {
  const id = await engine.create(command);
  const waiting = await engine.client.containers.wait(id, "next-exit");
  const answer = await engine.api("POST", `/containers/${id}/start`);
  assert.match(String(answer.body["message"]), expected.says);
  assert.equal(answer.status, expected.status);
  const state = await engine.state(id);
  assert.deepEqual([state["Status"], state["Running"], state["Pid"]], ["created", false, 0]);
  assert.equal(state["ExitCode"], expected.exitCode);
  assert.match(String(state["Error"]), expected.says);
  assert.equal((await waiting.exit).code, expected.exitCode);
  assert.equal(engine.script.guests.size, 0, "a machine that was left");
  assert.deepEqual(await readdir(join(engine.root, "run/machines")), []);
  assert.deepEqual(await engine.events(id), ["create"]);
  return id;
}

const cases: { what: string; at: FaultPoint; fault: Fault; says: RegExp; status: number }[] = [
  {
    what: "a guest that panics before it says hello",
    at: "greeting",
    fault: { does: "die", console: "last words\n", exit: { code: 1, errors: "out of luck" } },
    status: 500,
    says: /cannot start the machine: the machine ended before its agent said hello \(exit code 1\): out of luck; its console ends:\nlast words/,
  },
  {
    what: "a guest of another protocol",
    at: "greeting",
    fault: { does: "speak", protocol: 99 },
    status: 501,
    says: /its agent speaks protocol 99, DVM \d/,
  },
  {
    what: "a guest that breaks the protocol after its greeting",
    at: "greeting",
    fault: { does: "break the protocol" },
    status: 500,
    says: /its agent sent a frame with an illegal header/,
  },
  {
    what: "a machine that can't be set up",
    at: "setUp",
    fault: { does: "refuse", status: "invalid", message: "cannot take 0 bytes of entropy" },
    status: 400,
    says: /^cannot take 0 bytes of entropy$/,
  },
  {
    what: "a container that can't be made",
    at: "create",
    fault: { does: "refuse", status: "noSpace", message: "cannot mount the scratch disk: full" },
    status: 507,
    says: /^cannot mount the scratch disk: full$/,
  },
  {
    what: "a machine that dies while its container is made",
    at: "create",
    fault: { does: "die" },
    status: 500,
    says: /the connection to the machine's agent has closed/,
  },
  {
    what: "a guest that answers by garbage",
    at: "create",
    fault: { does: "break the protocol" },
    status: 500,
    says: /its agent sent a frame with an illegal header/,
  },
  {
    what: "a process that can't be started",
    at: "start",
    fault: { does: "refuse", status: "invalid", message: "unable to find user nobody1" },
    status: 500,
    says: /^unable to find user nobody1$/,
  },
  {
    what: "a machine that dies when its process starts",
    at: "start",
    fault: { does: "die" },
    status: 500,
    says: /the connection to the machine's agent has closed/,
  },
];

suite("a start fails, and inspect says why", () => {
  for (const { what, at, fault, status, says } of cases) {
    test(`of ${what}`, async () => {
      engine.script.faults.plan(at, fault);
      const id = await failsToStart(["echo", "works"], { status, exitCode: 128, says });
      engine.script.faults.clear();
      await engine.succeeds("POST", `/containers/${id}/start`);
      assert.equal(await engine.wait(id), 0);
      assert.equal((await engine.state(id))["Error"], "");
      assert.equal(await engine.logs(id), "works\n");
    });
  }

  test("of a driver that starts nothing", async () => {
    const { hypervisor } = engine;
    mock.method(hypervisor, "start", async () => {
      throw new DvmError("unavailable", "cannot start a machine: it is told not to");
    });
    const says = /^cannot start a machine: it is told not to$/;
    await failsToStart(["true"], { status: 500, exitCode: 128, says });
  });

  test("of a command that isn't in the image, by 127, or can't be run, by 126", async () => {
    const absent = /exec: "nope": executable file not found in \$PATH/;
    await failsToStart(["nope"], { status: 400, exitCode: 127, says: absent });
    const forbidden = /exec: "\/etc\/motd": permission denied/;
    await failsToStart(["/etc/motd"], { status: 400, exitCode: 126, says: forbidden });
  });
});

test("with AutoRemove a container that can't be started is removed", async () => {
  const id = await engine.create(["nope"], { HostConfig: { AutoRemove: true } });
  const { exit } = await engine.client.containers.wait(id, "removed");
  assert.equal((await engine.api("POST", `/containers/${id}/start`)).status, 400);
  assert.equal((await exit).code, 127);
  assert.equal((await engine.api("GET", `/containers/${id}/json`)).status, 404);
});

test("who is attached to a container that can't be started is let go", async () => {
  const id = await engine.create(["nope"]);
  const outputs = { stdin: false, stdout: true, stderr: true };
  const { socket } = await engine.client.containers.attach(id, outputs);
  assert.equal((await engine.api("POST", `/containers/${id}/start`)).status, 400);
  socket.resume();
  await new Promise((resolve) => {
    socket.once("end", resolve);
  });
});

test("a port of the host that is taken is named, and a start works when it is free", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const PortBindings = { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: String(port) }] };
  const ExposedPorts = { "80/tcp": {} };
  const id = await engine.create(["sleep", "60"], { HostConfig: { PortBindings }, ExposedPorts });
  const answer = await engine.api("POST", `/containers/${id}/start`);
  const message = `: failed to bind host port for 127.0.0.1:${port}:10.0.2.15:80/tcp: address already in use`;
  assert.equal(answer.status, 500);
  assert(String(answer.body["message"]).endsWith(message), String(answer.body["message"]));
  await new Promise((resolve) => {
    server.close(resolve);
  });
  await engine.succeeds("POST", `/containers/${id}/start`);
  const { NetworkSettings } = await engine.client.containers.inspect(id);
  assert.deepEqual((NetworkSettings as { Ports: unknown }).Ports, {
    "80/tcp": [{ HostIp: "127.0.0.1", HostPort: String(port) }],
  });
  await engine.succeeds("POST", `/containers/${id}/kill`);
});

suite("a run ends badly", () => {
  test("a machine that dies without a word ends its container by 255, and its console is told", async () => {
    const id = await engine.run(["crash"]);
    assert.equal(await engine.wait(id), 255);
    const error = String((await engine.state(id))["Error"]);
    assert.match(error, /^the machine ended without an exit code; its console ends:\nKernel panic/);
    assert.deepEqual(await engine.events(id), ["create", "start", "die"]);
    assert.equal(engine.script.guests.size, 0);
  });

  test("a guest that breaks the protocol ends its container, and its machine", async () => {
    const id = await engine.run(["sleep", "600"]);
    engine.script.faults.plan("processes", { does: "break the protocol" });
    assert.equal((await engine.api("GET", `/containers/${id}/top`)).status, 500);
    assert.equal(await engine.wait(id), 255);
    assert.equal(engine.script.guests.size, 0);
  });

  test("a request that the guest refuses is an error of its own, and the container goes on", async () => {
    const id = await engine.run(["sleep", "600"]);
    engine.script.faults.plan("freeze", {
      does: "refuse",
      status: "internal",
      message: "too cold",
    });
    const answer = await engine.api("POST", `/containers/${id}/pause`);
    assert.deepEqual([answer.status, answer.body["message"]], [500, "too cold"]);
    assert.equal(await engine.status(id), "running 0");
    await engine.succeeds("POST", `/containers/${id}/kill`);
  });
});

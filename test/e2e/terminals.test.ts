import assert from "node:assert/strict";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { after, before, test } from "node:test";
import { EngineClient } from "../../src/client/engine-client.ts";
import { TestDaemon } from "../support/test-daemon.ts";

const image = "dvm-fixture:small";
let daemon: TestDaemon;
let client: EngineClient;

before(async () => {
  daemon = await TestDaemon.start({ images: ["small.docker-save.tar"] });
  client = new EngineClient({ socketPath: join(daemon.root, "run/dvm.sock") });
});
after(async () => {
  client?.[Symbol.dispose]();
  await daemon?.[Symbol.asyncDispose]();
});

async function readUntil(socket: Duplex, text: string): Promise<string> {
  let seen = "";
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    seen += String(chunk);
    if (seen.includes(text)) return seen;
  }
  return seen;
}

test("an exec's terminal has from its start the size that the client told", async () => {
  await daemon.succeeds(["run", "-d", "--name", "sizes", image, "sleep 1000"]);
  const exec = { Cmd: ["stty", "size"], Tty: true, AttachStdout: true };
  const noted = await client.execs.create("sizes", { ...exec, ConsoleSize: [33, 77] });
  const first = await client.execs.start(noted, { Detach: false, Tty: true });
  assert.match(await readUntil(first.socket, "\n"), /^33 77/);
  const told = await client.execs.create("sizes", exec);
  const body = { Detach: false as const, Tty: true, ConsoleSize: [12, 34] };
  const second = await client.execs.start(told, body);
  assert.match(await readUntil(second.socket, "\n"), /^12 34/);
});

test("a terminal lives on when who had it attached leaves, and the next one can type", async () => {
  const body = { Image: image, Tty: true, OpenStdin: true, StdinOnce: true, Entrypoint: ["sh"] };
  const { id } = await client.containers.create(
    { ...body, AttachStdin: true },
    { name: "terminal" },
  );
  const streams = { stdin: true, stdout: true, stderr: true };
  const first = await client.containers.attach(id, streams);
  await client.containers.start(id);
  first.socket.write("echo first-$((1+1))\n");
  await readUntil(first.socket, "first-2");
  first.socket.end();
  const second = await client.containers.attach(id, streams);
  second.socket.write("echo second-$((1+2))\n");
  assert.match(await readUntil(second.socket, "second-3"), /second-3/);
  second.socket.destroy();
});

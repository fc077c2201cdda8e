import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { EngineClient } from "../../src/client/engine-client.ts";
import { RawClient, rawRequest } from "../support/raw-client.ts";
import { TestDaemon } from "../support/test-daemon.ts";

const image = "dvm-fixture:small";
let daemon: TestDaemon;
let client: EngineClient;

before(async () => {
  daemon = await TestDaemon.start({ images: ["small.docker-save.tar"] });
  client = new EngineClient({ socketPath: join(daemon.root, "run/dvm.sock") });
  await daemon.succeeds(["run", "-d", "--name", "host", image, "sleep 1000"]);
});
after(async () => {
  client?.[Symbol.dispose]();
  await daemon?.[Symbol.asyncDispose]();
});

test("the first output of an exec comes after its answer's head, and a terminal's lines are whole", async () => {
  for (const Tty of [true, false]) {
    const pieces: number[] = [];
    for (let count = 0; count < 10; count += 1) {
      const body = { Cmd: ["echo", "hello"], Tty, AttachStdout: true, AttachStderr: true };
      const id = await client.execs.create("host", body);
      using raw = new RawClient(join(daemon.root, "run/dvm.sock"));
      const start = { path: `/exec/${id}/start`, headers: RawClient.upgrade };
      raw.write(rawRequest({ ...start, body: JSON.stringify({ Tty }) }));
      const [head, output] = (await raw.untilEnd()).split("\r\n\r\n");
      assert(head?.startsWith("HTTP/1.1 101 UPGRADED"));
      assert.equal(output, Tty ? "hello\r\n" : "\x01\0\0\0\0\0\0\x06hello\n");
      pieces.push(raw.pieces.length);
    }
    assert(pieces.filter((count) => count === 2).length >= 8, String(pieces));
  }
});

test("twenty megabytes pass byte for byte, to who is attached and into the log", async () => {
  const lines = Array.from({ length: 100_000 }, (_, index) => `${index + 1}\n`).join("");
  const times = Math.ceil(20_000_000 / lines.length);
  const expected = createHash("sha256");
  for (let count = 0; count < times; count += 1) expected.update(lines);
  const script = `seq 1 100000 >/tmp/s; i=0; while [ $i -lt ${times} ]; do cat /tmp/s; i=$((i+1)); done`;
  const body = { Image: image, Entrypoint: ["sh", "-c"], Cmd: [script] };
  const { id } = await client.containers.create(body, { name: "much" });
  const outputs = { stdin: false, stdout: true, stderr: true };
  const { socket } = await client.containers.attach(id, outputs);
  await client.containers.start(id);
  const wanted = expected.digest("hex");
  assert.equal(await hashOfOutput(socket), wanted);
  const log = await client.containers.logs(id, { stdout: true, stderr: true });
  assert.equal(await hashOfOutput(log), wanted);
});

test("the last bytes of a program that ends at once are never lost", async () => {
  for (let count = 0; count < 10; count += 1) {
    const stdout = await daemon.succeeds(["run", "--rm", image, `printf end-${count}`]);
    assert.equal(stdout, `end-${count}`);
  }
});

test("nothing that is asked of a paused container hangs", async () => {
  const body = { Cmd: ["sleep", "1000"] };
  const exec = await client.execs.create("host", body);
  await daemon.succeeds(["pause", "host"]);
  try {
    const begun = performance.now();
    await client.containers.top("host");
    await client.containers.statistics("host");
    await client.containers.resize("host", 10, 20);
    await assert.rejects(client.execs.startDetached(exec, {}), /is paused, unpause/);
    await assert.rejects(client.execs.resize(exec, 10, 20), /is paused, unpause/);
    await assert.rejects(client.execs.create("host", body), /is paused, unpause/);
    assert(performance.now() - begun < 60_000);
  } finally {
    await daemon.succeeds(["unpause", "host"]);
  }
});

test("50 execs at once all answer", async () => {
  const said = await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      const Cmd = ["echo", String(index)];
      const id = await client.execs.create("host", { Cmd, AttachStdout: true });
      const { socket } = await client.execs.start(id, { Detach: false, Tty: true });
      let all = "";
      for await (const chunk of socket) all += String(chunk);
      return all;
    }),
  );
  assert.deepEqual(
    said,
    Array.from({ length: 50 }, (_, index) => `${index}\n`),
  );
});

/** Of what frames hold. */
async function hashOfOutput(source: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash("sha256");
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= 8 && rest.length >= 8 + rest.readUInt32BE(4)) {
      const end = 8 + rest.readUInt32BE(4);
      hash.update(rest.subarray(8, end));
      rest = rest.subarray(end);
    }
  }
  return hash.digest("hex");
}

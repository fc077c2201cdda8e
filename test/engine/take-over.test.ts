import assert from "node:assert/strict";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { outputOf } from "../support/docker-output.ts";
import type { Program } from "../support/fake-machine/programs.ts";
import { TestEngine } from "../support/test-engine.ts";

const windowBytes = 262_144;
const lines = 20_000;
const outputs = { stdin: false, stdout: true, stderr: true };

/** How many bytes `chatter` got rid of. */
let written = 0;

/** Says `lines` lines a few at a time, then ends with 6. */
const chatter: Program = async ({ write, wait }) => {
  written = 0;
  for (let line = 1; line <= lines;) {
    let text = "";
    for (let some = 0; some < 50; some += 1, line += 1) text += `line ${line}\n`;
    await write(text);
    written += text.length;
    await wait(0);
  }
  return 6;
};
const gabble: Program = async ({ write }) => {
  for (;;) {
    await write(Buffer.alloc(32_768, "x\n"));
    written += 32_768;
  }
};

let engine: TestEngine;

before(async () => {
  engine = await TestEngine.open({ programs: { chatter, gabble } });
});
after(() => engine?.[Symbol.asyncDispose]());

/** Another daemon comes; `meanwhile` happens while there is none. */
async function takeOver(meanwhile: () => unknown = () => {}): Promise<void> {
  await engine.endDaemon();
  await meanwhile();
  await engine.startDaemon();
}

suite("a daemon that comes back", () => {
  test("finds what runs as it was, and can do with it what the first one could", async () => {
    const id = await engine.run(["polite", "7"], { name: "lives-on" });
    await engine.printed(id, "ready");
    const before = await engine.state(id);
    const guest = engine.guestOf(id);
    await takeOver();
    assert.deepEqual(await engine.state("lives-on"), before);
    assert.equal(engine.guestOf(id), guest);
    const exec = await engine.client.execs.create(id, { Cmd: ["echo", "hi"], AttachStdout: true });
    const { socket } = await engine.client.execs.start(exec, { Detach: false });
    assert.equal((await outputOf(socket)).stdout, "hi\n");
    await engine.succeeds("POST", `/containers/${id}/stop`);
    assert.equal(await engine.status(id), "exited 7");
    assert.equal(await engine.logs(id), "ready\nbye\n");
  });

  test("has lost no line, and logs none twice", async () => {
    const id = await engine.run(["chatter"]);
    await engine.printed(id, "line 100\n");
    for (let times = 0; times < 3; times += 1) await takeOver(() => delay(20));
    assert.equal(await engine.wait(id), 6);
    const expected = Array.from({ length: lines }, (_, index) => `line ${index + 1}\n`).join("");
    const found = await engine.logs(id);
    assert(found === expected, `the log has ${found.split("\n").length} lines`);
  });

  test("finds a program held up that said more than a window, and lets it go on", async () => {
    written = 0;
    const id = await engine.run(["gabble"]);
    await takeOver(async () => {
      await delay(50);
      const held = written;
      await delay(50);
      assert.equal(written, held);
    });
    const held = written;
    const deadline = performance.now() + 5_000;
    while (written < held + 2 * windowBytes && performance.now() < deadline) await delay(5);
    assert(written >= held + 2 * windowBytes);
    await engine.succeeds("POST", `/containers/${id}/kill`);
  });

  test("passes input on where it stood", async () => {
    const id = await engine.run(["cat"], { OpenStdin: true });
    const type = async (text: string) => {
      const { socket } = await engine.client.containers.attach(id, { ...outputs, stdin: true });
      socket.write(text);
      await outputOf(socket, { enough: (all) => all.endsWith(text) });
    };
    await type("first\n");
    await takeOver();
    await type("second\n");
    assert.equal(await engine.logs(id), "first\nsecond\n");
    await engine.succeeds("POST", `/containers/${id}/kill`);
  });

  test("keeps what is paused paused", async () => {
    const id = await engine.run(["polite", "3"]);
    await engine.printed(id, "ready");
    await engine.succeeds("POST", `/containers/${id}/pause`);
    await takeOver();
    assert.equal(await engine.status(id), "paused 0");
    await engine.succeeds("POST", `/containers/${id}/unpause`);
    await engine.succeeds("POST", `/containers/${id}/stop`);
    assert.equal(await engine.status(id), "exited 3");
  });

  test("hears the exit code and the last words of what ended meanwhile", async () => {
    const id = await engine.run(["polite", "9"]);
    await engine.printed(id, "ready");
    await takeOver(async () => {
      await engine.guestOf(id)?.containers.get(id)?.main?.signal(15);
    });
    assert.equal(await engine.wait(id), 9);
    assert.equal(await engine.logs(id), "ready\nbye\n");
    assert.equal(engine.guestOf(id), undefined);
  });

  test("books what it finds no machine for as ended", async () => {
    const id = await engine.run(["sleep", "600"]);
    const going = await engine.run(["sleep", "600"], { HostConfig: { AutoRemove: true } });
    await takeOver(async () => {
      for (const one of [id, going]) engine.guestOf(one)?.board.leave();
      await delay(50);
    });
    const state = await engine.state(id);
    assert.deepEqual([state["Status"], state["ExitCode"], state["Pid"]], ["exited", 255, 0]);
    assert.match(String(state["Error"]), /went away while no daemon ran/);
    assert.equal((await engine.api("GET", `/containers/${going}/json`)).status, 404);
    await engine.succeeds("POST", `/containers/${id}/start`);
    assert.equal(await engine.status(id), "running 0");
    await engine.succeeds("POST", `/containers/${id}/kill`);
  });

  test("ends a machine whose agent doesn't make sense any more", async () => {
    for (const at of ["greeting", "resume"] as const) {
      const id = await engine.run(["sleep", "600"]);
      await takeOver(() => engine.script.faults.plan(at, { does: "break the protocol" }));
      engine.script.faults.clear();
      assert.equal(await engine.status(id), "exited 255", at);
      assert.equal(engine.guestOf(id), undefined);
      assert(engine.log.some((line) => line.includes("its agent sent a frame")));
    }
  });

  test("ends machines of another protocol, and says so in the log", async () => {
    const id = await engine.run(["sleep", "600"]);
    await takeOver(() => engine.script.faults.plan("greeting", { does: "speak", protocol: 99 }));
    engine.script.faults.clear();
    assert.equal(await engine.status(id), "exited 255");
    assert(engine.log.some((line) => line.includes("its agent speaks protocol 99")));
  });

  test("has forgotten execs, which run on", async () => {
    const id = await engine.run(["sleep", "600"]);
    const exec = await engine.client.execs.create(id, { Cmd: ["sleep", "60"] });
    await engine.client.execs.startDetached(exec, {});
    await takeOver();
    assert.equal((await engine.api("GET", `/exec/${exec}/json`)).status, 404);
    const { Processes } = await engine.client.containers.top(id);
    assert.equal((Processes as unknown[]).length, 2);
    await engine.succeeds("POST", `/containers/${id}/kill`);
  });

  test("ends machines that no container has, and takes their folders away", async () => {
    const runFolder = join(engine.root, "run/machines/0123456789ab");
    await takeOver(async () => {
      await mkdir(runFolder, { recursive: true });
      await engine.hypervisor.start({
        ...{ id: "0123456789ab", runFolder, accelerator: "none", cpus: 1, memoryMiB: 64 },
        ...{ disks: [], nics: [], shares: [], fileBinds: [] },
        kernel: { path: "/none", initramfs: "/none", discovery: "cmdline" },
      });
      assert.equal(engine.script.guests.size, 1);
    });
    assert.equal(engine.script.guests.size, 0);
    assert.deepEqual(await readdir(join(engine.root, "run/machines")), []);
    assert(engine.log.some((line) => line.startsWith("ended a machine that no container has")));
  });
});

test("a daemon that ends lets go of who is attached, and waits for nobody", async () => {
  const id = await engine.run(["sleep", "600"]);
  const { socket } = await engine.client.containers.attach(id, outputs);
  const following = engine.logs(id, { follow: true }).catch(() => "");
  const left = outputOf(socket);
  const begin = performance.now();
  await takeOver();
  assert(performance.now() - begin < 2_000);
  assert.equal((await left).all, "");
  assert.equal(await following, "");
  assert.equal(await engine.status(id), "running 0");
  await engine.succeeds("POST", `/containers/${id}/kill`);
});

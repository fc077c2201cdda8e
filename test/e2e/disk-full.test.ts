import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { needsRoot, smallDisk, type SmallDisk } from "../support/small-disk.ts";
import { type ClientResult, TestDaemon } from "../support/test-daemon.ts";

const image = "dvm-fixture:small";
const diskMegabytes = 400;
const yes = "yes 0123456789012345678901234567890123456789";
/** Longer than any answer on a full disk may take. */
const promptMs = 8_000;

/**
 * Has bytes that are on its disk, and others that are on none yet; USR1 brings those there, and
 * compares them.
 */
const writer = `md5sum -c /kept.sum 2>/dev/null || {
    ${yes} | dd bs=1M count=8 iflag=fullblock of=/kept 2>/dev/null; md5sum /kept >/kept.sum; sync
  }
  ${yes} | dd bs=1M count=12 iflag=fullblock of=/data 2>/dev/null; md5sum /data >/sum
  trap 'sync; echo synced; md5sum -c /sum' USR1; echo ready; while :; do sleep 1; done`;
/** Has written all that its start had to, and prints a line a second. */
const other = "sync; n=0; while :; do n=$((n+1)); echo line $n; sleep 1; done";

describe("the host's disk is full", needsRoot, () => {
  let disk: SmallDisk;
  let daemon: TestDaemon;

  before(async () => {
    disk = await smallDisk(diskMegabytes, { inodes: 4096 });
    const settings = { DVM_POOL: "0" };
    daemon = await TestDaemon.start({
      images: ["small.docker-save.tar"],
      settings,
      disk: disk.path,
    });
    await daemon.succeeds(["run", "--rm", image, "true"]);
    await daemon.succeeds(["run", "-d", "--name", "other", image, other]);
    // what is made in the background takes room, too
    await until("templates are made", async () => {
      const made = await daemon.succeeds(["template", "ls", "-q"]);
      return made.trim().split("\n").length === 2;
    });
  });
  afterEach(async () => {
    await disk.free();
    const ids = (await daemon.succeeds(["ps", "-aq"])).split("\n").filter(Boolean);
    const first = (await daemon.succeeds(["ps", "-aq", "-f", "name=other"])).trim();
    const more = ids.filter((id) => id !== first);
    if (more.length > 0) await daemon.succeeds(["rm", "-f", ...more]);
  });
  after(async () => {
    await disk?.free();
    await daemon?.[Symbol.asyncDispose]();
    await disk?.[Symbol.asyncDispose]();
  });

  /** Answers, however, within the time of a full disk. */
  async function prompt(...words: string[]): Promise<ClientResult> {
    const begin = performance.now();
    const result = await daemon.dvm(words);
    const took = performance.now() - begin;
    assert(took < promptMs, `dvm ${words.join(" ")} took ${took} ms`);
    return result;
  }

  async function succeeds(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await prompt(...words);
    assert.equal(code, 0, `dvm ${words.join(" ")}: ${stderr}\n${await daemon.log()}`);
    return stdout.trim();
  }

  async function refused(...words: string[]): Promise<void> {
    const { code, stdout, stderr } = await prompt(...words);
    assert.notEqual(code, 0, words.join(" "));
    // who is attached to an exec is told by its output
    assert.match(stdout + stderr, /no space left on device/i, words.join(" "));
  }

  async function until(what: string, done: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + 60_000;
    while (!(await done())) {
      assert(performance.now() < deadline, `${what}\n${await daemon.log()}`);
      await delay(200);
    }
  }

  const logs = (name: string) => succeeds("logs", name);
  const printed = (name: string, text: string) =>
    until(`${name} prints ${text}`, async () => (await logs(name)).includes(text));
  const state = (name: string) =>
    succeeds("inspect", "-f", "{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}", name);

  /** The container's machine stands still, with bytes of it that found no room. */
  async function standStill(name: string): Promise<void> {
    await succeeds("run", "-d", "--name", name, image, writer);
    await printed(name, "ready");
    await disk.fill();
    await prompt("kill", "-s", "USR1", name); // its kernel may have begun to write by itself
    await until(`${name} stands still`, async () => /no space left/.test(await state(name)));
    assert.match(await state(name), /^running 0 the machine stands still: no space left on device/);
  }

  /** Not a byte is free, and others go on. */
  async function othersGoOn(): Promise<void> {
    assert.equal(await succeeds("exec", "other", "echo", "here"), "here");
    assert.equal(await disk.freeBytes(), 0);
  }

  test("who writes gets ENOSPC, sees so in df, and goes on when space is freed", async () => {
    await disk.fill(80 * 2 ** 20);
    const script = `${yes} | dd bs=1M count=3000 iflag=fullblock of=/big 2>&1; df -k / | tail -1
      rm /big; ${yes} | dd bs=1M count=5 iflag=fullblock of=/small 2>&1 && sync && echo fits`;
    const { stdout, code } = await daemon.dvm(["run", "--name", "big", image, script]);
    assert.match(stdout, /error writing '\/big': No space left on device/);
    assert.match(stdout, /overlay +\d+ +\d+ +0 100% \//);
    assert.match(stdout, /fits/);
    assert.equal(code, 0);
    assert.equal(await succeeds("exec", "other", "echo", "here"), "here");
    assert.doesNotMatch(await daemon.log(), /stands still/);
    await succeeds("rm", "big");
    await disk.free();
  });

  test("a machine that finds no room stands still, says why, and goes on by itself", async () => {
    await standStill("alpha");
    for (const words of [
      ["exec", "alpha", "true"],
      ["top", "alpha"],
      ["pause", "alpha"],
      ["cp", "alpha:/sum", "-"],
    ])
      await refused(...words);
    await refused("kill", "-s", "USR1", "alpha");
    assert.match(await succeeds("ps"), /\balpha$/m);
    assert.match(await logs("alpha"), /ready/);
    await othersGoOn();
    await daemon.endProcess("SIGKILL");
    await daemon.startProcess();
    assert.match(await state("alpha"), /^running 0 the machine stands still/);
    await refused("exec", "alpha", "true");
    await refused("pause", "alpha");
    assert.match(await logs("alpha"), /ready/);
    await othersGoOn();
    await disk.free();
    await printed("alpha", "/data: OK");
    assert.match(await state("alpha"), /^running 0$/);
    assert.equal(await succeeds("exec", "alpha", "echo", "here"), "here");
    await succeeds("rm", "-f", "alpha");
  });

  for (const [how, ...words] of [
    ["stop", "stop", "beta"],
    ["kill", "kill", "beta"],
    ["rm -f", "rm", "-f", "beta"],
  ] as const) {
    for (const isTakenUp of [false, true])
      test(`${how} ends one that stands still${isTakenUp ? ", by a daemon that came later" : ""}`, async () => {
        await standStill("beta");
        if (isTakenUp) {
          await daemon.endProcess("SIGKILL");
          await daemon.startProcess();
        }
        await succeeds(...words);
        if (how !== "rm -f") {
          assert.match(await state("beta"), /^exited 137/);
          await succeeds("rm", "beta");
        }
        await until("its space is free", async () => (await disk.freeBytes()) > 2 ** 20);
        assert.equal(await succeeds("exec", "other", "echo", "here"), "here");
        await disk.free();
      });
  }

  test("one that was ended so starts again with what it had synced", async () => {
    await standStill("gamma");
    await succeeds("kill", "gamma");
    await disk.free();
    await succeeds("start", "gamma");
    await printed("gamma", "/kept: OK\nready");
    await succeeds("kill", "-s", "USR1", "gamma");
    await printed("gamma", "/data: OK");
    await succeeds("rm", "-f", "gamma");
  });

  const fills = { bytes: () => disk.fill(), "places for files": () => disk.fillInodes() };
  for (const [what, fill] of Object.entries(fills))
    test(`without ${what} a daemon starts, refuses what is new, and frees space`, async () => {
      await succeeds("run", "--name", "ended", image, "echo hello");
      await succeeds("run", "-d", "--name", "runs", image, other);
      const before = await readdir(join(disk.path, "containers"));
      await fill();
      for (const signal of ["SIGKILL", "SIGTERM"] as const) {
        await daemon.endProcess(signal);
        await fill();
        await daemon.startProcess();
        await fill(); // its reserve may have gone
        assert.match(await logs("ended"), /hello/);
        assert.equal(await succeeds("exec", "runs", "echo", "here"), "here");
        await refused("run", "--name", "new", image, "true");
        assert.doesNotMatch(await succeeds("ps", "-a"), /\bnew$/m);
        assert.deepEqual(await readdir(join(disk.path, "containers")), before);
      }
      await succeeds("stop", "-t", "1", "runs");
      await succeeds("rm", "runs");
      assert.match(await succeeds("container", "prune", "-f"), /Deleted Containers/);
      assert.equal(await succeeds("ps", "-aq", "-f", "name=ended"), "");
    });

  test("what others print while the disk is full is lost, and they go on", async () => {
    await disk.fill();
    await until("the log says so", async () => /can't be written/.test(await daemon.log()));
    await disk.free();
    await until("and that it is written again", async () =>
      /is written again/.test(await daemon.log()),
    );
    const lines = (await logs("other")).split("\n");
    assert(
      lines.every((line) => /^line \d+$/.test(line)),
      "no line is damaged",
    );
  });
});

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { DiskContent, Machine } from "../../src/machine/machine.ts";
import { madeGuest } from "../support/made-guest.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { testQemu } from "../support/test-qemu.ts";

/** Answers `read NAME` with the first word of that disk, `write NAME WORD` with what went wrong. */
const diskGuest = `
exec 3<>$port
find() { for d in /sys/block/vd*; do [ "$(cat $d/serial)" = "$1" ] && echo /dev/$(busybox basename $d); done; }
cat() { busybox cat "$@"; }
while :; do
  read -r verb name word <&3 || { busybox usleep 10000; continue; }
  disk=$(find $name)
  echo 3 > /proc/sys/vm/drop_caches
  case $verb in
    read) busybox dd if=$disk bs=16 count=1 2>/dev/null | busybox tr -d '\\000' >&3; echo >&3 ;;
    write) echo $word | busybox dd of=$disk conv=fsync 2>/dev/null && echo done >&3 || echo refused >&3 ;;
  esac
done
`;
const bytes = 2 ** 20;
const empty = (readOnly: boolean): DiskContent => ({ format: "empty", bytes, readOnly });
const raw = (path: string, readOnly: boolean): DiskContent => ({ format: "raw", path, readOnly });

async function ask(machine: Machine): Promise<(line: string) => Promise<string>> {
  for (let left = 500; left > 0; left -= 1) {
    const socket = createConnection(machine.agentSocket);
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
    if (!isOpen) {
      await delay(10);
      continue;
    }
    socket.unref();
    const answers = createInterface({ input: socket })[Symbol.asyncIterator]();
    return async (line) => {
      socket.write(`${line}\n`);
      return String((await answers.next()).value);
    };
  }
  throw new Error("the machine made no socket");
}

test("each disk of a machine is exchanged by its name, again and again, while the guest runs", async () => {
  await using run = await temporaryFolder();
  const files = ["one", "two", "three"].map((name) => join(run.path, `${name}.img`));
  for (const path of files) await writeFile(path, Buffer.alloc(bytes));
  const [one = "", two = "", three = ""] = files;
  await writeFile(one, "first".padEnd(bytes, "\0"));
  await writeFile(two, "second".padEnd(bytes, "\0"));
  const spec = await madeGuest(run.path, diskGuest);
  const machine = await testQemu().start({
    ...spec,
    disks: [
      { name: "image0", ...empty(true) },
      { name: "image1", ...empty(true) },
      { name: "scratch1", ...empty(false) },
    ],
  });
  try {
    const say = await ask(machine);
    assert.equal(await say("read image1"), "");
    await machine.insertDisk("image1", raw(one, true));
    assert.equal(await say("read image1"), "first");
    assert.equal(await say("read image0"), "");
    assert.equal(await say("write image1 no"), "refused");
    for (const [path, word] of [
      [two, "second"],
      [one, "first"],
    ] as const) {
      await machine.ejectDisk("image1", empty(true));
      assert.equal(await say("read image1"), "");
      await machine.insertDisk("image1", raw(path, true));
      assert.equal(await say("read image1"), word);
    }
    await machine.insertDisk("scratch1", raw(three, false));
    assert.equal(await say("write scratch1 kept"), "done");
    await machine.ejectDisk("scratch1", empty(false));
    assert.equal((await readFile(three, "latin1")).slice(0, 5), "kept\n");
    await assert.rejects(machine.insertDisk("image7", raw(one, true)), { code: "not-found" });
    await assert.rejects(machine.insertDisk("image0", raw("/no/such", true)), /no\/such/);
    await machine.insertDisk("image0", raw(two, true));
    assert.equal(await say("read image0"), "second");
  } finally {
    await machine.kill();
  }
});

import assert from "node:assert/strict";
import { execFile, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { promisify } from "node:util";
import { startServer, tellServer } from "../support/file-server.ts";
import { fuse, FuseGuest, text, u32, u64 } from "../support/fuse-guest.ts";
import { fuzzSeconds, fuzzSeed, seeds } from "../support/fuzz-settings.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = join(import.meta.dirname, "../../fileserver");
const program = join(folder, "build/dvm-fileserver.sanitized");
const owners = process.getuid?.() === 0 ? "real" : "ours";
const [noEntry, isReadOnly, isStale, isInvalid, otherDevice, noDirectory] = [
  -2, -30, -116, -22, -18, -20,
];

// one at a time: another file's tests build it, too
before(() => promisify(execFile)("flock", [folder, "make", "-s", "-C", folder, "sanitized"]));

/** A server built with sanitizers, with one share to write and one to read; and what lies beside. */
async function hostile(owned: string = owners) {
  const place = await temporaryFolder();
  const path = (name: string) => join(place.path, name);
  await mkdir(path("shared"));
  await mkdir(path("shared/folder"));
  await writeFile(path("shared/file"), "content");
  await symlink("../secret", path("shared/link"));
  await symlink("..", path("shared/above"));
  await mkdir(path("kept"));
  await writeFile(path("kept/file"), "kept");
  await writeFile(path("secret"), "secret");
  const guest = new FuseGuest(path("machine.sock"));
  const server = startServer(program, [guest.socketPath, path("control.sock")]);
  let errors = "";
  server.stderr?.setEncoding("utf8").on("data", (chunk: string) => (errors += chunk));
  await guest.sendRaw(Buffer.alloc(0));
  const tell = (...lines: string[]) => tellServer(path("control.sock"), lines);
  await tell(`add share rw ${owned} ${path("shared")}`, `add kept ro ${owned} ${path("kept")}`);
  return {
    ...{ path, guest, server, tell, errors: () => errors },
    async [Symbol.asyncDispose]() {
      server.kill("SIGKILL");
      await guest[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    },
  };
}

const ended = async (server: ChildProcess): Promise<number | null> => {
  if (server.exitCode === null) await once(server, "exit");
  return server.exitCode;
};

test("names lead nowhere but to entries of a share", async () => {
  await using at = await hostile();
  const { guest } = at;
  const share = (await guest.lookUp(1n, "share")).node;
  for (const name of ["../secret", "folder/..", "/etc/passwd", "", "folder/"])
    assert.equal((await guest.lookUp(share, name)).error, isInvalid, name);
  assert.equal((await guest.lookUp(share, "..")).error, noEntry);
  assert.equal((await guest.lookUp(1n, "../secret")).error, noEntry);
  assert.equal((await guest.lookUp(1n, "..")).node, 1n);
  const above = await guest.lookUp(share, "above");
  assert.equal((await guest.lookUp(above.node, "secret")).error, noDirectory);
  const link = await guest.lookUp(share, "link");
  assert.ok(((await guest.ask(fuse.open, link.node, u32(0, 0)))?.error ?? 0) < 0);
  for (const operation of [fuse.mkdir, fuse.unlink, fuse.symlink, fuse.create, fuse.mknod]) {
    const answer = await guest.ask(operation, share, u32(0, 0, 0, 0), text("../made"), text("x"));
    assert.ok((answer?.error ?? 0) < 0, `operation ${operation}`);
  }
  assert.deepEqual((await readdir(at.path("."))).includes("made"), false);
});

test("what a share for reading holds can't be changed by any operation", async () => {
  await using at = await hostile();
  const { guest } = at;
  const kept = (await guest.lookUp(1n, "kept")).node;
  const file = (await guest.lookUp(kept, "file")).node;
  const room = Buffer.alloc(120);
  for (let operation = 1; operation <= 52; operation += 1) {
    if (operation === fuse.forget || operation === fuse.destroy || operation === fuse.init)
      continue;
    if (operation === fuse.interrupt || operation === fuse.batchForget) continue;
    for (const node of [kept, file]) await guest.ask(operation, node, room, text("new"), text("x"));
  }
  for (const flags of [1, 2, 0x200])
    assert.equal((await guest.ask(fuse.open, file, u32(flags, 0)))?.error, isReadOnly);
  assert.deepEqual(await readdir(at.path("kept")), ["file"]);
  assert.equal(await readFile(at.path("kept/file"), "utf8"), "kept");
  assert.equal(at.errors(), "");
});

test("numbers that were never given, or were let go, are stale", async () => {
  await using at = await hostile();
  const { guest } = at;
  const share = (await guest.lookUp(1n, "share")).node;
  const file = (await guest.lookUp(share, "file")).node;
  const opened = await guest.ask(fuse.open, file, u32(0, 0));
  const handle = opened?.body.readBigUInt64LE(0) ?? 0n;
  const read = (node: bigint, fh: bigint) =>
    guest.ask(fuse.read, node, u64(fh, 0n), u32(100, 0), u64(0n), u32(0, 0));
  assert.equal((await read(file, handle))?.body.toString(), "content");
  assert.equal((await read(share, handle))?.error, -9);
  assert.equal((await read(file, handle + 1n))?.error, -9);
  for (const node of [0n, 2n, file + 1n, file + (1n << 32n), -1n])
    assert.equal((await guest.ask(fuse.getattr, node, u32(0, 0), u64(0n)))?.error, isStale);
  await guest.ask(fuse.release, file, u64(handle), u32(0, 0), u64(0n));
  assert.equal((await read(file, handle))?.error, -9);
  await guest.send(fuse.forget, file, 0n, u64(1n));
  assert.equal((await guest.ask(fuse.getattr, file, u32(0, 0), u64(0n)))?.error, isStale);
});

test("a share that was taken away is stale, and its file isn't reached by its handle", async () => {
  await using at = await hostile();
  const { guest } = at;
  const share = (await guest.lookUp(1n, "share")).node;
  const file = (await guest.lookUp(share, "file")).node;
  const opened = await guest.ask(fuse.open, file, u32(2, 0));
  const handle = opened?.body.readBigUInt64LE(0) ?? 0n;
  assert.deepEqual(await at.tell("remove sha"), ["ok"]);
  const written = await guest.ask(
    fuse.write,
    file,
    u64(handle, 0n),
    u32(1, 0),
    u64(0n),
    u32(0, 0),
    text(""),
  );
  assert.equal(written?.error, isStale);
  assert.equal((await guest.lookUp(1n, "share")).error, noEntry);
  assert.deepEqual(await at.tell(`add share rw ${owners} ${at.path("kept")}`), ["ok"]);
  assert.equal((await guest.lookUp(1n, "share")).error, 0);
  assert.equal(await readFile(at.path("shared/file"), "utf8"), "content");
});

test("files don't move between shares", async () => {
  await using at = await hostile();
  await mkdir(at.path("second"));
  await at.tell(`add second rw ${owners} ${at.path("second")}`);
  const { guest } = at;
  const share = (await guest.lookUp(1n, "share")).node;
  const second = (await guest.lookUp(1n, "second")).node;
  const file = (await guest.lookUp(share, "file")).node;
  const names = [text("file"), text("file")];
  assert.equal((await guest.ask(fuse.rename, share, u64(second), ...names))?.error, otherDevice);
  assert.equal((await guest.ask(fuse.rename, share, u64(1n), ...names))?.error, otherDevice);
  assert.equal((await guest.ask(fuse.link, second, u64(file), text("x")))?.error, otherDevice);
});

for (const length of [0, 39, 2 ** 20 + 2 ** 16 + 1, 0xffffffff])
  test(`a message of ${length} bytes ends the server, which says why`, async () => {
    await using at = await hostile();
    await at.guest.sendRaw(Buffer.concat([u32(length), Buffer.alloc(60)]));
    assert.equal(await ended(at.server), 1);
    assert.match(at.errors(), /a message of the guest has a length that none can have/);
  });

test("the server ends well when the machine does", async () => {
  await using at = await hostile();
  (await at.guest.sendRaw(u32(100, 1))).destroy();
  assert.equal(await ended(at.server), 0);
});

/** Numbers from a seed: the same ones each time. */
function numbers(seed: number): (bound: number) => number {
  let state = BigInt(seed) * 0x9e3779b97f4a7c15n;
  return (bound) => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number((state >> 33n) % BigInt(bound));
  };
}

const names = ["file", "folder", "link", "new", "..", ".", "a/b", "../secret", "", "x".repeat(300)];

/** A body of random fields, in which numbers that lead somewhere are likely. */
function randomBody(below: (bound: number) => number, known: bigint[]): Buffer {
  const parts: Buffer[] = [];
  const value = () => {
    const kind = below(6);
    if (kind === 0) return known[below(known.length)] ?? 0n;
    return [0n, 1n, BigInt(below(70000)), -1n, 1n << 63n, BigInt(below(2 ** 31))][kind] ?? 0n;
  };
  for (let count = below(9); count > 0; count -= 1) parts.push(u64(value()));
  for (let count = below(3); count > 0; count -= 1)
    parts.push(text(names[below(names.length)] ?? ""));
  if (below(4) === 0) parts.push(Buffer.alloc(below(5000), below(256)));
  return Buffer.concat(parts);
}

test("random requests touch nothing outside, and break no rule of memory", async () => {
  const end = performance.now() + Math.max(fuzzSeconds, 10) * 1000;
  for (const seed of seeds(6)) {
    await using at = await hostile(seed % 2 === 0 ? owners : "mapped");
    const below = numbers(seed);
    const known = [1n, (await at.guest.lookUp(1n, "share")).node];
    known.push((await at.guest.lookUp(1n, "kept")).node);
    for (let index = 0; index < 4000 && performance.now() < end + 20_000; index += 1) {
      const operation = below(20) === 0 ? below(70) : 1 + below(51);
      const node = known[below(known.length)] ?? 1n;
      const body = randomBody(below, known);
      const silent = [fuse.forget, fuse.batchForget, fuse.interrupt, fuse.setlkw, fuse.destroy];
      if (silent.some((one) => one === operation) || operation === fuse.init) {
        if (below(10) === 0) await at.guest.send(operation, node, BigInt(index), body);
        continue;
      }
      const answer = await at.guest.ask(operation, node, body);
      assert.ok(answer !== undefined, `seed ${seed}, request ${index}: ${at.errors()}`);
      const bytes = answer.body;
      if (answer.error === 0 && bytes.length >= 8) known.push(bytes.readBigUInt64LE(0));
      if (answer.error === 0 && bytes.length > 128) known.push(bytes.readBigUInt64LE(128));
      if (known.length > 60) known.splice(3, 20);
    }
    assert.equal(at.errors(), "", `seed ${seed} of ${fuzzSeed}`);
    assert.deepEqual(await at.tell("ping"), ["ok"]);
    assert.equal(await readFile(at.path("secret"), "utf8"), "secret");
    assert.equal(await readFile(at.path("kept/file"), "utf8"), "kept");
    assert.deepEqual(await readdir(at.path("kept")), ["file"]);
    const beside = await readdir(at.path("."));
    assert.deepEqual(beside.sort(), ["control.sock", "kept", "machine.sock", "secret", "shared"]);
    await rm(at.path("shared"), { recursive: true });
  }
});

test("the control socket refuses what it doesn't know", async () => {
  await using at = await hostile();
  const refused = [
    ["add", /it is none of: add/],
    ["add a/b rw ours /tmp", /it is no name of a share/],
    ["add .. rw ours /tmp", /it is no name of a share/],
    ["add new rx ours /tmp", /access is ro or rw/],
    ["add new rw theirs /tmp", /owners are real, mapped or ours/],
    ["add new rw ours tmp", /the path is none from the root/],
    ["add new rw ours /tmp%0", /the path is none from the root/],
    ["add new rw ours /tmp/not-there-%20at-all", /No such file or directory/],
    ["add share rw ours /tmp", /there is a share of this name/],
    ["remove", /it is none of/],
  ] as const;
  const answers = await at.tell(...refused.map(([line]) => line), "ping");
  for (const [index, [line, reason]] of refused.entries())
    assert.match(answers[index] ?? "", reason, line);
  assert.equal(answers.at(-1), "ok");
});

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { link, mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { startServer, tellServer } from "../support/file-server.ts";
import { fuse, FuseGuest, text, u32, u64 } from "../support/fuse-guest.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = join(import.meta.dirname, "../../fileserver");
const program = join(folder, "build/dvm-fileserver.sanitized");
const owners = process.getuid?.() === 0 ? "real" : "ours";
const [created, removed, moved, content, , closed] = [1, 2, 3, 4, 5, 6];
const [noEntry, isReadOnly] = [-2, -30];
const hearer = 77;

// one at a time: another file's tests build it, too
before(() => promisify(execFile)("flock", [folder, "make", "-s", "-C", folder, "sanitized"]));

/** A guest that has asked to be told, and a folder of the host that it knows. */
async function watching(access: "ro" | "rw" = "rw") {
  const place = await temporaryFolder();
  const path = (name: string) => join(place.path, name);
  await mkdir(path("shared"));
  await writeFile(path("shared/file"), "content");
  const guest = new FuseGuest(path("machine.sock"));
  const server = startServer(program, [guest.socketPath, path("control.sock")]);
  let errors = "";
  server.stderr?.setEncoding("utf8").on("data", (chunk: string) => (errors += chunk));
  await guest.sendRaw(Buffer.alloc(0));
  const line = `add share ${access} ${owners} ${path("shared")} watched`;
  assert.deepEqual(await tellServer(path("control.sock"), [line]), ["ok"]);
  guest.pid = hearer;
  await guest.send(fuse.changesBegin, 0n, 0n, Buffer.alloc(0));
  guest.pid = 1;
  const share = (await guest.lookUp(1n, "share")).node;
  return {
    ...{ path, guest, share, errors: () => errors },
    /** What is told next; before that it says that the last one was heard. */
    async next() {
      const deadline = performance.now() + 5000;
      while (guest.told.length === 0 && performance.now() < deadline) await delay(5);
      const change = guest.told.shift();
      return change && { kind: change.kind, names: change.names, folder: change.folder };
    },
    heard: () => guest.send(fuse.changesDone, 0n, 0n, Buffer.alloc(0)),
    async [Symbol.asyncDispose]() {
      server.kill("SIGKILL");
      await guest[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    },
  };
}

test("what others change in a folder that the guest knows is told, each when the last was heard", async () => {
  await using at = await watching();
  await writeFile(at.path("shared/new"), "x");
  await rename(at.path("shared/new"), at.path("shared/newer"));
  await rm(at.path("shared/newer"));
  const told = [];
  for (let index = 0; index < 5; index += 1) {
    const change = await at.next();
    assert.equal(change?.folder, at.share);
    told.push([change?.kind, ...(change?.names ?? [])]);
    assert.deepEqual(at.guest.told, []);
    await at.heard();
  }
  assert.deepEqual(told, [
    [created, "new", ""],
    [content, "new", ""],
    [closed, "new", ""],
    [moved, "new", "newer"],
    [removed, "newer", ""],
  ]);
  assert.equal(at.errors(), "");
});

test("of its own changes the guest is told nothing", async () => {
  await using at = await watching();
  const { guest, share } = at;
  const made = await guest.ask(fuse.create, share, u32(2, 0o644, 0, 0), text("own"));
  const node = made?.body.readBigUInt64LE(0) ?? 0n;
  const handle = made?.body.readBigUInt64LE(128) ?? 0n;
  await guest.ask(fuse.write, node, u64(handle, 0n), u32(1, 0), u64(0n), u32(2, 0), text(""));
  await guest.ask(fuse.release, node, u64(handle), u32(2, 0), u64(0n));
  await guest.ask(fuse.unlink, share, text("own"));
  await delay(100);
  await writeFile(at.path("shared/others"), "");
  assert.deepEqual((await at.next())?.names, ["others", ""]);
});

test("an echo of a change is answered as if it were done, and does nothing", async () => {
  await using at = await watching();
  const { guest, share } = at;
  await mkdir(at.path("shared/folder"));
  assert.deepEqual((await at.next())?.names, ["folder", ""]);
  guest.pid = hearer;
  assert.equal((await guest.lookUp(share, "folder")).error, noEntry);
  const answer = await guest.ask(fuse.mkdir, share, u32(0o777, 0), text("folder"));
  assert.equal(answer?.error, 0);
  guest.pid = 1;
  const { node } = await guest.lookUp(share, "folder");
  assert.equal(answer?.body.readBigUInt64LE(0), node);
  await at.heard();
});

test("names and attributes may be kept, until others change what they are of", async () => {
  await using at = await watching();
  const { guest, share } = at;
  const told = async (name: string) => {
    const answer = await guest.ask(fuse.lookup, share, text(name));
    return {
      keepsSeconds: answer?.body.readBigUInt64LE(16),
      node: answer?.body.readBigUInt64LE(0),
    };
  };
  const notified = async () => {
    const deadline = performance.now() + 5000;
    while (guest.notified.length === 0 && performance.now() < deadline) await delay(5);
    return guest.notified.shift();
  };
  const file = await told("file");
  assert.equal(file.keepsSeconds, 5n);
  await writeFile(at.path("shared/file"), "longer than before");
  const changed = await notified();
  assert.deepEqual([changed?.code, changed?.body.readBigUInt64LE(0)], [2, file.node]);
  // what has changed a moment ago may change again
  assert.equal((await told("file")).keepsSeconds, 0n);
  await delay(400);
  assert.equal((await told("file")).keepsSeconds, 5n);
  guest.notified.length = 0;
  await rename(at.path("shared/file"), at.path("shared/moved"));
  const codes = [];
  for (let left = 2; left > 0; left -= 1) codes.push(await notified());
  const gone = codes.find((one) => one?.code === 3);
  assert.equal(gone?.body.readBigUInt64LE(0), share);
  assert.equal(gone?.body.toString("latin1", 16), "file\0");
  await link(at.path("shared/moved"), at.path("other"));
  await delay(400);
  assert.equal((await told("moved")).keepsSeconds, 0n, "it may be changed by its other name");
});

test("who says that it were an echo changes no more than others may", async () => {
  await using at = await watching("ro");
  const { guest, share } = at;
  const file = (await guest.lookUp(share, "file")).node;
  await writeFile(at.path("shared/file"), "changed");
  assert.deepEqual((await at.next())?.names, ["file", ""]);
  guest.pid = hearer;
  for (let operation = 1; operation <= 52; operation += 1) {
    const isKept = [fuse.forget, fuse.destroy, fuse.init, fuse.interrupt, fuse.batchForget];
    if (isKept.some((one) => one === operation)) continue;
    for (const node of [share, file])
      await guest.ask(operation, node, Buffer.alloc(120), text("made"), text("x"));
  }
  const opened = await guest.ask(fuse.open, file, u32(0x201, 0));
  const handle = opened?.body.readBigUInt64LE(0) ?? 0n;
  const written = await guest.ask(
    ...([fuse.write, file, u64(handle, 0n), u32(1, 0), u64(0n), u32(1, 0), text("")] as const),
  );
  assert.equal(written?.error, isReadOnly);
  assert.deepEqual(await readdir(at.path("shared")), ["file"]);
  assert.equal(await readFile(at.path("shared/file"), "utf8"), "changed");
  assert.equal(at.errors(), "");
});

test("more changes than are heard of cost no memory without end", async () => {
  await using at = await watching();
  for (let index = 0; index < 5000; index += 1) await writeFile(at.path(`shared/file${index}`), "");
  assert.deepEqual((await at.next())?.names, ["file0", ""]);
  await at.heard();
  const [, later] = /(\d+)/.exec((await at.next())?.names[0] ?? "") ?? [];
  assert(Number(later) > 1000, `then came file${later}`);
});

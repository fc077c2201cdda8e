import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  chmod,
  chown,
  lstat,
  mkdir,
  open,
  readFile,
  readdir,
  readlink,
  rename,
  stat,
  symlink,
  unlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { createConnection, createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import {
  buildFileServer,
  missingForMounts,
  MountedShare,
  residentKiB,
  tellServer,
  type FileServerPrograms,
} from "../support/file-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const run = promisify(execFile);
const [nobody, skip] = [65534, missingForMounts];
let programs: FileServerPrograms;

before(async () => {
  if (missingForMounts === undefined) programs = await buildFileServer();
});
after(() => programs?.[Symbol.asyncDispose]());

const shell = async (line: string, cwd: string) =>
  (await run("sh", ["-c", line], { cwd, maxBuffer: 2 ** 24 })).stdout;

/** Sets extended attributes of a file; values in hexadecimal. */
const setAttributes = (path: string, values: Record<string, string>) =>
  run("python3", [
    "-c",
    "import os, sys, json\nfor k, v in json.loads(sys.argv[2]).items(): os.setxattr(sys.argv[1], k, bytes.fromhex(v))",
    path,
    JSON.stringify(values),
  ]);

test("volumes that QEMU's 9p server wrote are read as they were", { skip }, async () => {
  await using shared = await temporaryFolder();
  const path = (name: string) => join(shared.path, name);
  const owned = { "user.virtfs.uid": "e8030000", "user.virtfs.gid": "32000000" };
  await writeFile(path("file"), "content", { mode: 0o600 });
  await setAttributes(path("file"), { ...owned, "user.virtfs.mode": "e9890000" });
  await mkdir(path("folder"), 0o700);
  await setAttributes(path("folder"), { ...owned, "user.virtfs.mode": "ff430000" });
  await writeFile(path("link"), "folder/target", { mode: 0o600 });
  await setAttributes(path("link"), { ...owned, "user.virtfs.mode": "ffa10000" });
  await writeFile(path("null"), "", { mode: 0o600 });
  await setAttributes(path("null"), {
    "user.virtfs.mode": "b6210000",
    "user.virtfs.rdev": "0301000000000000",
  });
  await writeFile(path("plain"), "by the host");
  for (const name of ["", "file", "folder", "link", "null"])
    await chown(path(name), nobody, nobody);
  await using share = await MountedShare.start({
    ...{ programs, owners: "mapped", shared: shared.path, uid: nobody },
  });
  const found = await shell("stat -c '%n %f %u:%g %t:%T' file folder link null plain", share.path);
  assert.equal(
    found,
    "file 89e9 1000:50 0:0\nfolder 43ff 1000:50 0:0\nlink a1ff 1000:50 0:0\nnull 21b6 65534:65534 1:3\nplain 81a4 0:0 0:0\n",
  );
  assert.equal(await readlink(join(share.path, "link")), "folder/target");
  assert.equal(await readFile(join(share.path, "file"), "utf8"), "content");
  await chmod(join(share.path, "file"), 0o640);
  assert.equal((await lstat(path("file"))).mode, 0o100600);
});

test(
  "a server with few descriptors serves many files, open and unlinked ones too",
  { skip },
  async () => {
    await using shared = await temporaryFolder();
    await using share = await MountedShare.start({
      ...{ programs, owners: "real", shared: shared.path, descriptors: 100 },
    });
    const make =
      "for d in $(seq 30); do mkdir -p $d/in; for f in $(seq 20); do echo $d > $d/in/$f; done; done";
    await shell(make, share.path);
    const all = "find . -type f | xargs cat | wc -l";
    assert.equal(await shell(all, share.path), "600\n");
    const kept = `cd 3/in; exec 3< 5; rm 5; mv ../../3 ../../moved; (cd ../..; ${all}); ls | wc -l; cat <&3; echo new > 21; rm -r ../../moved; ls | wc -l`;
    assert.equal(await shell(kept, share.path), "599\n19\n3\n0\n");
    assert.equal((await readdir(shared.path)).length, 29);
    const opened = 'exec 3< 1/in/1; for n in $(seq 4 9); do eval "exec $n< 1/in/$n"; done; cat <&9';
    assert.equal(await shell(opened, share.path), "1\n");
  },
);

test(
  "single files, sockets and devices are shared, and nothing beside them",
  { skip },
  async () => {
    await using shared = await temporaryFolder();
    const path = (name: string) => join(shared.path, name);
    await writeFile(path("file"), "content");
    await using share = await MountedShare.start({
      programs,
      owners: "real",
      shared: path("file"),
    });
    await writeFile(share.path, "written");
    assert.equal(await readFile(path("file"), "utf8"), "written");
    await assert.rejects(writeFile(share.readOnly, "x"), /EROFS/);
    await writeFile(path("new"), "new");
    await rename(path("new"), path("file"));
    assert.equal(await readFile(share.path, "utf8"), "written");
    const mounted = join(share.folder, "mounted");
    assert.deepEqual(await readdir(mounted), []);
    await assert.rejects(mkdir(join(mounted, "folder")), /EROFS|EACCES/);
    await tellServer(share.control, ["add null rw real /dev/null", "remove share"]);
    assert.equal((await stat(join(mounted, "null"))).rdev, (await stat("/dev/null")).rdev);
    await assert.rejects(readFile(share.path), /ENOENT|ESTALE/);
  },
);

test(
  "a socket of the host is a socket to the guest, whose own kernel it belongs to",
  { skip },
  async () => {
    await using shared = await temporaryFolder();
    const server = createServer((socket) => socket.end("from the host"));
    server.listen(join(shared.path, "socket"));
    await once(server, "listening");
    await using share = await MountedShare.start({ programs, owners: "real", shared: shared.path });
    assert.ok((await stat(join(share.path, "socket"))).isSocket());
    const client = createConnection(join(share.path, "socket"));
    const [error] = await once(client, "error");
    assert.match(String(error), /ECONNREFUSED/);
    server.close();
  },
);

test("links don't lead the server out of a share", { skip }, async () => {
  await using shared = await temporaryFolder();
  await mkdir(join(shared.path, "in"));
  await writeFile(join(shared.path, "secret"), "secret");
  await using share = await MountedShare.start({
    ...{ programs, owners: "real", shared: join(shared.path, "in") },
  });
  await symlink("../secret", join(share.path, "link"));
  await assert.rejects(readFile(join(share.path, "link")), /ENOENT/);
  await assert.rejects(writeFile(join(share.path, "link"), "x"), /EROFS|EACCES|ENOENT/);
  assert.equal(await readFile(join(shared.path, "secret"), "utf8"), "secret");
});

test("a bind of an ordinary user keeps that user as the owner of all", { skip }, async () => {
  await using shared = await temporaryFolder();
  await chown(shared.path, nobody, nobody);
  await using share = await MountedShare.start({
    ...{ programs, owners: "ours", shared: shared.path, uid: nobody },
  });
  const path = join(share.path, "file");
  await writeFile(path, "content");
  await chmod(path, 0o4751);
  assert.equal(await shell("stat -c '%a %u:%g' file", share.path), "4751 65534:65534\n");
  assert.equal(await shell("stat -c '%a %u:%g' file", shared.path), "4751 65534:65534\n");
  await chown(path, nobody, nobody);
  await assert.rejects(chown(path, 0, 0), /EPERM/);
  await run("mkfifo", [join(share.path, "fifo")]);
  await assert.rejects(run("mknod", [join(share.path, "null"), "c", "1", "3"]), /not permitted/);
});

test(
  "a share for reading changes nothing, not even the time of the last reading",
  { skip },
  async () => {
    await using shared = await temporaryFolder();
    const path = join(shared.path, "file");
    await writeFile(path, "content");
    await utimes(path, 1000, 2000);
    await using share = await MountedShare.start({ programs, owners: "real", shared: shared.path });
    const seen = join(share.readOnly, "file");
    assert.equal(await readFile(seen, "utf8"), "content");
    assert.equal((await stat(path)).atimeMs, 1_000_000);
    await assert.rejects(writeFile(seen, "x"), /EROFS/);
    await assert.rejects(unlink(seen), /EROFS/);
    await assert.rejects(chmod(seen, 0), /EROFS/);
    await assert.rejects(utimes(seen, 1, 1), /EROFS/);
    await assert.rejects(mkdir(join(share.readOnly, "new")), /EROFS/);
  },
);

test("slow work holds nobody up, and memory goes back", { skip }, async () => {
  await using shared = await temporaryFolder();
  await using share = await MountedShare.start({ programs, owners: "real", shared: shared.path });
  const waiting =
    "for n in $(seq 40); do flock lock true & done; sleep 1; echo x > other; cat other";
  const holder = run("flock", ["lock", "sh", "-c", "sleep 3"], { cwd: share.path });
  await sleep(300);
  const since = performance.now();
  assert.equal((await shell(`{ ${waiting}; } 2>&1; exit 0`, share.path)).trim(), "x");
  assert.ok(performance.now() - since < 60_000);
  await holder;
  await using file = await open(join(share.path, "large"), "w+");
  for (let index = 0; index < 40; index += 1) await file.write(Buffer.alloc(1_000_000, index));
  await shell("cat large > copy", share.path);
  let resident = Infinity;
  for (let waited = 0; waited < 30 && resident > 2048; waited += 1) {
    await sleep(1000);
    resident = await residentKiB(share.serverPid);
  }
  assert.ok(resident <= 2048, `${resident} KiB`);
});

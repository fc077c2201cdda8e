import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { TestDaemon } from "../support/test-daemon.ts";

const image = "dvm-fixture:debian";
let daemon: TestDaemon;
let folder: string;

before(async () => {
  daemon = await TestDaemon.start({ images: ["debian.docker.tar"] });
  folder = join(daemon.root, "folder");
  await mkdir(folder);
  for (const name of ["one", "two"])
    await daemon.succeeds([
      ...["run", "-d", "--name", name, "-v", "volume:/volume", "-v", `${folder}:/bind`],
      ...[image, "sleep", "1000"],
    ]);
});
after(() => daemon?.[Symbol.asyncDispose]());

const python = (name: string, program: string) =>
  daemon.succeeds(["exec", name, "python3", "-c", program]);

/** Adds to the number in a file, under its lock: what was lost between read and write is missing. */
const counting = (place: string, lock: string) => `
import fcntl
with open("${place}/counter", "r+b", buffering=0) as f:
    for _ in range(100):
        ${lock}(f, fcntl.LOCK_EX)
        f.seek(0); number = int(f.read()); f.seek(0); f.write(b"%06d" % (number + 1))
        ${lock}(f, fcntl.LOCK_UN)
`;

for (const lock of ["fcntl.flock", "fcntl.lockf"])
  test(`two machines that count in one file under ${lock} lose nothing`, async () => {
    for (const place of ["/volume", "/bind"]) {
      await daemon.succeeds(["exec", "one", "sh", "-c", `printf 000000 > ${place}/counter`]);
      await Promise.all(["one", "two"].map((name) => python(name, counting(place, lock))));
      assert.equal(await daemon.succeeds(["exec", "one", "cat", `${place}/counter`]), "000200");
    }
    assert.equal(await readFile(join(folder, "counter"), "utf8"), "000200");
  });

test("the databases of two machines' programs in one volume keep all rows", async () => {
  const program = `
import sqlite3
base = sqlite3.connect("/volume/base", timeout=60, isolation_level=None)
base.execute("create table if not exists rows (name text)")
for number in range(20):
    base.execute("insert into rows values (?)", (f"NAME {number}",))
`;
  await Promise.all(["one", "two"].map((name) => python(name, program.replace("NAME", name))));
  const check = `
import sqlite3
base = sqlite3.connect("/volume/base")
print(base.execute("select count(distinct name) from rows").fetchone()[0], base.execute("pragma integrity_check").fetchone()[0])
`;
  assert.equal((await python("one", check)).trim(), "40 ok");
});

test("a lock of the host's holds a container off, and ends with its holder", async () => {
  await writeFile(join(folder, "held"), "");
  const hold = ["exec", "one", "flock", "/bind/held", "sleep", "2"];
  const holder = daemon.dvm(hold);
  const probe = () => daemon.client("flock", ["-n", join(folder, "held"), "true"], {});
  while ((await probe()).code === 0);
  assert.equal((await daemon.dvm(["exec", "two", "flock", "-n", "/bind/held", "true"])).code, 1);
  await holder;
  assert.equal((await probe()).code, 0);
  await daemon.succeeds(["exec", "two", "flock", "-n", "/bind/held", "true"]);
});

test("one container's watch sees what happens below a folder of its volume", async () => {
  const program = `
import ctypes, os, struct
c = ctypes.CDLL(None)
os.makedirs("/volume/watched/below", exist_ok=True)
fd = c.inotify_init1(0)
for path in (b"/volume/watched", b"/volume/watched/below"):
    assert c.inotify_add_watch(fd, path, 0x100 | 0x2 | 0x200) > 0
open("/volume/watched/below/file", "w").write("x")
os.unlink("/volume/watched/below/file")
os.mkdir("/volume/watched/other")
events, at = os.read(fd, 65536), 0
while at < len(events):
    _, mask, _, size = struct.unpack_from("iIII", events, at)
    print(hex(mask & 0xfff), events[at + 16:at + 16 + size].rstrip(b"\\0").decode())
    at += 16 + size
`;
  assert.equal(await python("one", program), "0x100 file\n0x2 file\n0x200 file\n0x100 other\n");
});

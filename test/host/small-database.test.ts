import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { DiskReserve } from "../../src/host/disk-reserve.ts";
import { SmallDatabase } from "../../src/host/small-database.ts";
import { needsRoot, smallDisk } from "../support/small-disk.ts";

const source = join(import.meta.dirname, "../../src/host/small-database.ts");
const row = "x".repeat(2000);

/** What a daemon does in an hour: rows come, change and go. */
function work(database: SmallDatabase): void {
  for (let index = 0; index < 300; index += 1) {
    database.run("INSERT OR REPLACE INTO rows VALUES (?, ?)", index % 5, `${row}${index}`);
    if (index % 5 === 4) database.run("DELETE FROM rows WHERE id = ?", index % 3);
  }
}

/** A process that has written to the database and was killed. */
async function killedWriter(path: string): Promise<void> {
  const script = `
    const { SmallDatabase } = await import(${JSON.stringify(source)});
    const database = new SmallDatabase(${JSON.stringify(path)}, { synchronous: "NORMAL" });
    database.exec("CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT) STRICT");
    database.run("INSERT INTO rows VALUES (7, 'kept')");
    process.kill(process.pid, "SIGKILL");`;
  await once(spawn(process.execPath, ["--input-type=module", "-e", script]), "exit");
}

test("a database is read and changed on a disk without a free byte", needsRoot, async () => {
  await using disk = await smallDisk(64);
  using database = new SmallDatabase(join(disk.path, "a.db"), { synchronous: "NORMAL" });
  database.exec("CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT) STRICT");
  await disk.fill();
  work(database);
  assert.equal(database.all("SELECT id FROM rows").length > 0, true);
  assert.throws(() => database.run("INSERT INTO rows VALUES (9, ?)", "y".repeat(2 ** 22)), {
    code: "no-space",
    message: /no space left on device/,
  });
  work(database);
});

test("a database of a process that was killed opens on a full disk", needsRoot, async () => {
  await using disk = await smallDisk(64);
  const path = join(disk.path, "a.db");
  await killedWriter(path);
  await disk.fill();
  using database = new SmallDatabase(path, { synchronous: "FULL" });
  assert.deepEqual({ ...database.get("SELECT text FROM rows WHERE id = 7") }, { text: "kept" });
  work(database);
});

test("a database that was closed opens on a full disk by the reserve", needsRoot, async () => {
  await using disk = await smallDisk(64, { inodes: 512 });
  const path = join(disk.path, "a.db");
  const reserve = new DiskReserve(disk.path);
  await reserve.restore();
  {
    using database = new SmallDatabase(path, { synchronous: "NORMAL" });
    database.exec("CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT) STRICT");
  }
  for (const fill of [() => disk.fill(), () => disk.fillInodes()]) {
    await fill();
    {
      using database = new SmallDatabase(path, {
        ...{ synchronous: "NORMAL", makeRoom: () => reserve.release() },
      });
      work(database);
    }
    assert.deepEqual(await readdir(join(disk.path, "reserve")), []);
    await disk.free();
    await reserve.restore();
    assert.equal((await readdir(join(disk.path, "reserve"))).length, 32);
  }
});

test("two processes don't share a database", needsRoot, async () => {
  await using disk = await smallDisk(64);
  const path = join(disk.path, "a.db");
  using first = new SmallDatabase(path, { synchronous: "NORMAL" });
  first.exec("CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT) STRICT");
  assert.throws(() => new SmallDatabase(path, { synchronous: "NORMAL" }), {
    code: "unavailable",
    message: /another process has it/,
  });
});

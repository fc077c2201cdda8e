import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { ownEndpoints } from "../../src/engine/records/earlier-networks.ts";
import { StateStore } from "../../src/engine/records/state-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { firstVersionRecord } from "../support/first-version-record.ts";

/** The tables as the first version made them. */
const firstSchema = `
  CREATE TABLE containers (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, record TEXT NOT NULL) STRICT;
  CREATE TABLE volumes (name TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT;
  CREATE TABLE fits (image TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT;
`;

function fillFirstVersion(path: string, records: Record<string, string>): void {
  const database = new DatabaseSync(path);
  database.exec(firstSchema);
  for (const [id, record] of Object.entries(records))
    database.prepare("INSERT INTO containers VALUES (?, ?, ?)").run(id, `name-${id}`, record);
  const volume = { name: "data", createdAt: "2026-01-01", labels: { a: "b" }, anonymous: false };
  database.prepare("INSERT INTO volumes VALUES (?, ?)").run("data", JSON.stringify(volume));
  database.close();
}

test("containers and volumes that the first version stored are there, in today's shape", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "state.db");
  const ended = firstVersionRecord({ id: "a1", name: "ended" });
  const ran = firstVersionRecord({
    ...{ id: "b2", name: "ran", ports: ended.requestedPorts },
    state: { kind: "running", startedAt: "2026-01-02", pid: 7 },
  });
  fillFirstVersion(path, { a1: JSON.stringify(ended), b2: JSON.stringify(ran) });
  const log: string[] = [];
  for (const times of [1, 2]) {
    using store = new StateStore(path, (message) => log.push(message));
    const [first, second] = store.containers();
    assert.equal(first?.name, "ended", `opened ${times} times`);
    assert.deepEqual(first?.run.process.args, ["sh", "-c", "true"]);
    assert.deepEqual(first?.run.mounts, [
      { kind: "bind", source: "/srv", target: "/data", readOnly: true },
      {
        ...{ kind: "volume", source: "/v", target: "/cache", readOnly: false },
        ...{ volume: "data", anonymous: true },
      },
    ]);
    assert.equal(first?.request.hostConfig.RestartPolicy.Name, "no");
    assert.equal(first?.request.hostConfig.IpcMode, "private");
    assert.equal(first?.state.kind, "exited");
    assert.deepEqual(second?.state, {
      ...{ kind: "detached", isPaused: false, startedAt: "2026-01-02", machineId: "b2" },
      ...{ ports: ended.requestedPorts, endpoints: ownEndpoints(ended.mac) },
    });
    assert.deepEqual(
      store.machines().map(({ id }) => id),
      ["b2"],
    );
    assert.deepEqual(
      store.volumes().map(({ name }) => name),
      ["data"],
    );
  }
  assert.deepEqual(log, []);
});

test("a record that can't be read is put aside and costs no other one", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "state.db");
  const good = firstVersionRecord({ id: "a1", name: "good" });
  fillFirstVersion(path, { a1: JSON.stringify(good), b2: "{", c3: '{"id":"c3"}' });
  const log: string[] = [];
  {
    using store = new StateStore(path, (message) => log.push(message));
    assert.deepEqual(
      store.containers().map(({ name }) => name),
      ["good"],
    );
  }
  assert.equal(log.length, 2);
  assert.match(log[0] ?? "", /cannot read what is stored of container b2, it is put aside/);
  const database = new DatabaseSync(path);
  database.prepare("UPDATE containers SET record = '[]' WHERE id = 'a1'").run();
  database.close();
  {
    using store = new StateStore(path, (message) => log.push(message));
    assert.deepEqual(store.containers(), []);
  }
  assert.match(log[2] ?? "", /container a1, it is put aside/);
  const kept = new DatabaseSync(path);
  const rows = kept.prepare("SELECT id, record FROM unreadable ORDER BY id").all();
  kept.close();
  assert.deepEqual(
    rows.map((row) => [row["id"], row["record"]]),
    [
      ["a1", "[]"],
      ["b2", "{"],
      ["c3", '{"id":"c3"}'],
    ],
  );
});

test("a store that a newer version wrote is left alone", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "state.db");
  const database = new DatabaseSync(path);
  database.exec("PRAGMA user_version = 99");
  database.close();
  assert.throws(() => new StateStore(path, () => {}), {
    code: "unsupported",
    message: /a newer version of DVM wrote it \(99/,
  });
});

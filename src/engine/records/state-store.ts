import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { describeError, DvmError } from "../../base/errors.ts";
import { SmallDatabase } from "../../host/small-database.ts";
import type { ContainerRecord } from "./container-record.ts";
import { upgradeFirstVersion } from "./first-version.ts";
import { machineRecordSchema, type MachineRecord } from "./machine-record.ts";
import { type NetworkRecord, networkRecordSchema } from "./network-record.ts";
import { decodeContainer, encodeContainer } from "./stored-container.ts";

const volumeSchema = z.object({
  name: z.string(),
  createdAt: z.string(),
  labels: z.record(z.string(), z.string()),
  /** Nobody said anything of labels. */
  unlabelled: z.boolean().optional(),
  /** Of the driver; left out: nobody said anything of them. */
  options: z.record(z.string(), z.string()).optional(),
  /** Made without a name, for one container. */
  anonymous: z.boolean(),
});
export type VolumeRecord = z.infer<typeof volumeSchema>;

/** Of the tables; SQLite keeps it as `user_version`. */
const storeVersion = 2;

const schema = `
  CREATE TABLE containers (id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT;
  CREATE TABLE machines (id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT;
  CREATE TABLE volumes (name TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT;
  CREATE TABLE fits (image TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT;
  CREATE TABLE networks (id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT;
  CREATE TABLE unreadable (id TEXT PRIMARY KEY, record TEXT NOT NULL, reason TEXT NOT NULL) STRICT;
`;

const whereMissing = schema.replaceAll("CREATE TABLE ", "CREATE TABLE IF NOT EXISTS ");

/**
 * Containers, machines, volumes, networks and what images need on disk: one SQLite file, each record one row of JSON. A
 * row that can't be read is put aside, into the table `unreadable`, and the log says so: it costs no
 * other container.
 */
export class StateStore implements Disposable {
  readonly #database: SmallDatabase;
  readonly #log: (message: string) => void;

  /** `makeRoom`: see {@link SmallDatabase}. */
  constructor(path: string, log: (message: string) => void, makeRoom?: () => boolean) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#log = log;
    this.#database = new SmallDatabase(path, { synchronous: "NORMAL", makeRoom });
    this.#upgrade(path);
  }

  containers(): ContainerRecord[] {
    const rows = this.#database.all("SELECT id, record FROM containers");
    return rows.flatMap((row) => this.#read(row, decodeContainer) ?? []);
  }

  saveContainer(record: ContainerRecord): void {
    this.#database.run(
      "INSERT INTO containers VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record",
      record.id,
      encodeContainer(record),
    );
  }

  deleteContainer(id: string): void {
    this.#database.run("DELETE FROM containers WHERE id = ?", id);
  }

  machines(): MachineRecord[] {
    const rows = this.#database.all("SELECT id, record FROM machines");
    return rows.map((row) => machineRecordSchema.parse(JSON.parse(String(row["record"]))));
  }

  saveMachine(record: MachineRecord): void {
    this.#database.run(
      "INSERT OR REPLACE INTO machines VALUES (?, ?)",
      record.id,
      JSON.stringify(record),
    );
  }

  deleteMachine(id: string): void {
    this.#database.run("DELETE FROM machines WHERE id = ?", id);
  }

  volumes(): VolumeRecord[] {
    return this.#database
      .all("SELECT record FROM volumes ORDER BY name")
      .map((row) => volumeSchema.parse(JSON.parse(String(row["record"]))));
  }

  saveVolume(record: VolumeRecord): void {
    this.#database.run(
      "INSERT INTO volumes VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET record = excluded.record",
      record.name,
      JSON.stringify(record),
    );
  }

  deleteVolume(name: string): void {
    this.#database.run("DELETE FROM volumes WHERE name = ?", name);
  }

  networks(): NetworkRecord[] {
    const rows = this.#database.all("SELECT record FROM networks");
    return rows.map((row) => networkRecordSchema.parse(JSON.parse(String(row["record"]))));
  }

  saveNetwork(record: NetworkRecord): void {
    this.#database.run(
      "INSERT OR REPLACE INTO networks VALUES (?, ?)",
      record.id,
      JSON.stringify(record),
    );
  }

  deleteNetwork(id: string): void {
    this.#database.run("DELETE FROM networks WHERE id = ?", id);
  }

  /** What is remembered of an image's needs: JSON that its reader parses. */
  fit(imageId: string): unknown {
    const row = this.#database.get("SELECT record FROM fits WHERE image = ?", imageId);
    return row && JSON.parse(String(row["record"]));
  }

  saveFit(imageId: string, record: object): void {
    this.#database.run(
      "INSERT INTO fits VALUES (?, ?) ON CONFLICT (image) DO UPDATE SET record = excluded.record",
      imageId,
      JSON.stringify(record),
    );
  }

  deleteFit(imageId: string): void {
    this.#database.run("DELETE FROM fits WHERE image = ?", imageId);
  }

  [Symbol.dispose](): void {
    this.#database[Symbol.dispose]();
  }

  #upgrade(path: string): void {
    const row = this.#database.get("PRAGMA user_version");
    const version = Number(row?.["user_version"] ?? 0);
    if (version === storeVersion) return;
    if (version > storeVersion)
      throw new DvmError(
        "unsupported",
        `cannot read ${path}: a newer version of DVM wrote it (${version}; this one reads up to ${storeVersion})`,
      );
    this.#database.transaction(() => {
      const isFirst = this.#database.get("SELECT 1 FROM sqlite_schema WHERE name = 'containers'");
      if (isFirst === undefined) this.#database.exec(schema);
      else if (version === 0) this.#upgradeFirst();
      else this.#database.exec(whereMissing);
      this.#database.exec(`PRAGMA user_version = ${storeVersion}`);
    });
  }

  /** The first version held a container's name beside its record; the other tables are as they were. */
  #upgradeFirst(): void {
    const rows = this.#database.all("SELECT id, record FROM containers");
    this.#database.exec("DROP TABLE containers");
    this.#database.exec(whereMissing);
    for (const row of rows) {
      const upgraded = this.#read(row, upgradeFirstVersion);
      if (upgraded === undefined) continue;
      this.#database.run(
        "INSERT INTO containers VALUES (?, ?)",
        upgraded.id,
        JSON.stringify(upgraded),
      );
      const { state, id } = upgraded;
      if ("machineId" in state)
        this.saveMachine({ version: 1, id, createdAt: state.startedAt, slots: [id], cards: 0 });
    }
  }

  #read<T>(row: Record<string, unknown>, decode: (text: string) => T): T | undefined {
    const [id, record] = [String(row["id"]), String(row["record"])];
    try {
      return decode(record);
    } catch (error) {
      const reason = describeError(error);
      this.#log(`cannot read what is stored of container ${id}, it is put aside: ${reason}`);
      this.#database.run("INSERT OR REPLACE INTO unreadable VALUES (?, ?, ?)", id, record, reason);
      this.#database.run("DELETE FROM containers WHERE id = ?", id);
      return undefined;
    }
  }
}

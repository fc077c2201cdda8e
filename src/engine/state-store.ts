import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { ContainerRecord } from "./container-record.ts";
import type { FitRecord } from "./fit/fit-record.ts";

export interface VolumeRecord {
  name: string;
  createdAt: string;
  labels: Record<string, string>;
  /** Made without a name, for one container. */
  anonymous: boolean;
}

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS containers (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, record TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS volumes (name TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS fits (image TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT;
`;

/** Containers, volumes and what images need on disk: one SQLite file, each record one row of JSON. */
export class StateStore implements Disposable {
  readonly #database: DatabaseSync;

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#database = new DatabaseSync(path);
    this.#database.exec(schema);
  }

  containers(): ContainerRecord[] {
    return this.#records<ContainerRecord>("SELECT record FROM containers");
  }

  saveContainer(record: ContainerRecord): void {
    this.#database
      .prepare(
        "INSERT INTO containers VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name, record = excluded.record",
      )
      .run(record.id, record.name, JSON.stringify(record));
  }

  deleteContainer(id: string): void {
    this.#database.prepare("DELETE FROM containers WHERE id = ?").run(id);
  }

  volumes(): VolumeRecord[] {
    return this.#records<VolumeRecord>("SELECT record FROM volumes ORDER BY name");
  }

  saveVolume(record: VolumeRecord): void {
    this.#database
      .prepare(
        "INSERT INTO volumes VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET record = excluded.record",
      )
      .run(record.name, JSON.stringify(record));
  }

  deleteVolume(name: string): void {
    this.#database.prepare("DELETE FROM volumes WHERE name = ?").run(name);
  }

  fit(imageId: string): FitRecord | undefined {
    const row = this.#database.prepare("SELECT record FROM fits WHERE image = ?").get(imageId);
    return row && (JSON.parse(String(row["record"])) as FitRecord);
  }

  saveFit(record: FitRecord): void {
    this.#database
      .prepare(
        "INSERT INTO fits VALUES (?, ?) ON CONFLICT (image) DO UPDATE SET record = excluded.record",
      )
      .run(record.imageId, JSON.stringify(record));
  }

  deleteFit(imageId: string): void {
    this.#database.prepare("DELETE FROM fits WHERE image = ?").run(imageId);
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #records<T>(query: string): T[] {
    return this.#database
      .prepare(query)
      .all()
      .map((row) => JSON.parse(String(row["record"])) as T);
  }
}

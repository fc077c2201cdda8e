import { statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from "node:sqlite";
import { describeError, DvmError } from "../base/errors.ts";

/** Kept in the database and in its log, so that small changes need nothing of the disk. */
const mostRoomBytes = 2 ** 20;
const roomPart = 1 / 128;
/** Of the room: past it the log is written from its start again, so that it never outgrows it. */
const logPart = 0.75;
const pageBytes = 4096;

const sqliteBusy = 5;
const sqliteFull = 13;
/** SQLITE_IOERR and SQLITE_CANTOPEN: what a disk without room for a file leads to, among others. */
const perhapsFull = new Set([10, sqliteFull, 14]);

export interface DatabaseOptions {
  /** `FULL`: a change that was answered outlives a loss of power. */
  synchronous: "FULL" | "NORMAL";
  /** Frees space for the database when the disk is full; false: there is none to free. */
  makeRoom?: (() => boolean) | undefined;
}

/**
 * An SQLite file of this process alone, which can be opened, read, and changed a little on a disk
 * without a free byte: both it and its log hold space of their own, and its index lies in memory.
 */
export class SmallDatabase implements Disposable {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #makeRoom: () => boolean;
  #isInTransaction = false;

  constructor(path: string, { synchronous, makeRoom = () => false }: DatabaseOptions) {
    this.#path = path;
    this.#makeRoom = makeRoom;
    this.#database = this.#withRoom(() => new DatabaseSync(path));
    const { blocks, bsize } = statfsSync(dirname(path));
    const roomBytes = Math.min(mostRoomBytes, Math.floor(blocks * bsize * roomPart));
    const logPages = Math.ceil((roomBytes / pageBytes) * logPart);
    try {
      this.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY;");
      this.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous};`);
      this.exec(`PRAGMA wal_autocheckpoint = ${logPages}; PRAGMA foreign_keys = ON;`);
      this.#takeRoom(roomBytes);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  exec(sql: string): void {
    this.#withRoom(() => this.#database.exec(sql));
  }

  /** Gives the number of rows that changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#withRoom(() => this.#database.prepare(sql).run(...values)).changes);
  }

  all(sql: string, ...values: SQLInputValue[]): Record<string, SQLOutputValue>[] {
    return this.#database.prepare(sql).all(...values);
  }

  get(sql: string, ...values: SQLInputValue[]): Record<string, SQLOutputValue> | undefined {
    return this.#database.prepare(sql).get(...values);
  }

  /** All that `action` changes, or nothing. It may be called twice. */
  transaction<T>(action: () => T): T {
    return this.#withRoom(() => {
      this.#database.exec("BEGIN IMMEDIATE");
      this.#isInTransaction = true;
      try {
        const result = action();
        this.#database.exec("COMMIT");
        return result;
      } catch (error) {
        // SQLite has done so by itself when the disk is full
        if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
        throw error;
      } finally {
        this.#isInTransaction = false;
      }
    });
  }

  /** What the disk refuses is tried once more with the room that is made for it. */
  #withRoom<T>(action: () => T): T {
    if (this.#isInTransaction) return action();
    try {
      return action();
    } catch (error) {
      if (!perhapsFull.has(resultCode(error)) || !this.#makeRoom()) throw this.#named(error);
    }
    try {
      return action();
    } catch (error) {
      throw this.#named(error);
    }
  }

  #named(cause: unknown): unknown {
    const code = resultCode(cause);
    if (code === sqliteFull)
      return new DvmError("no-space", `cannot write ${this.#path}: no space left on device`, {
        cause,
      });
    if (code === sqliteBusy)
      return new DvmError("unavailable", `cannot use ${this.#path}: another process has it`, {
        cause,
        hint: "one daemon a data root: stop that one, or choose another (--data-root)",
      });
    return cause;
  }

  /** On a disk that is full already what there is must do. */
  #takeRoom(roomBytes: number): void {
    try {
      const free = Number(this.get("PRAGMA freelist_count")?.["freelist_count"]) * pageBytes;
      const { size } = statSync(`${this.#path}-wal`, { throwIfNoEntry: false }) ?? { size: 0 };
      if (size >= roomBytes && free >= roomBytes / 2) return;
      this.exec("DROP TABLE IF EXISTS room; CREATE TABLE room (bytes BLOB);");
      this.run("INSERT INTO room VALUES (zeroblob(?))", roomBytes);
      // pages that were never written would take no room
      this.exec("PRAGMA wal_checkpoint(RESTART); DROP TABLE room;");
    } catch (error) {
      if (!perhapsFull.has(resultCode(causeOf(error)))) throw error;
      console.error(`cannot reserve room for ${this.#path}: ${describeError(error)}`);
    }
  }
}

function causeOf(error: unknown): unknown {
  return error instanceof DvmError ? error.cause : error;
}

/** SQLite's primary result code of an error of its own; 0 of others. */
function resultCode(error: unknown): number {
  if (!(error instanceof Error) || !("errcode" in error)) return 0;
  return Number(error.errcode) & 0xff;
}

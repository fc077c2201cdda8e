import { readFile, rename, writeFile } from "node:fs/promises";
import { z } from "zod";
import { ignore } from "../base/errors.ts";
import { limiter } from "../base/limiter.ts";

const stored = z.array(z.string());

/** What a forwarder was told and still does, as lines of forwarder/control.h, kept in a file. */
export class ForwarderLines {
  readonly #path: string;
  /** Lines are said at once, for both families of a port. */
  readonly #oneByOne = limiter(1);
  #lines: Promise<string[]> | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** In the order that they were said in. */
  async all(): Promise<readonly string[]> {
    return (this.#lines ??= this.#read());
  }

  /** Remembers that a line was said: what it takes back goes, and it stays as long as it does something. */
  said(line: string): Promise<void> {
    return this.#oneByOne(() => this.#keep(line));
  }

  async #keep(line: string): Promise<void> {
    const before = await this.all();
    const after = afterLine(before, line);
    this.#lines = Promise.resolve(after);
    const written = `${this.#path}.new`;
    await writeFile(written, JSON.stringify(after), { mode: 0o600 });
    await rename(written, this.#path);
  }

  async #read(): Promise<string[]> {
    const text = await ignore("ENOENT", () => readFile(this.#path, "utf8"));
    return text === undefined ? [] : stored.parse(JSON.parse(text));
  }
}

/** Pure. */
export function afterLine(before: readonly string[], line: string): string[] {
  const [verb = "", owner] = line.split(" ");
  const isTaken = (one: string) => {
    const [other = "", its] = one.split(" ");
    if (its !== owner) return false;
    if (verb === "release") return true;
    if (verb === "withdraw") return other === "publish" || other === "lead";
    return verb === "lead" && other === "lead";
  };
  const kept = before.filter((one) => !isTaken(one));
  return verb === "release" || verb === "withdraw" ? kept : [...kept, line];
}

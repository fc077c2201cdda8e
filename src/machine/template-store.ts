import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { DvmError, ignore } from "../base/errors.ts";
import { tryParseJson } from "../base/parse-json.ts";

/** Change it when a template that was made before must not be used any more. */
const formatVersion = 6;
/** Beyond these the one that was not used for longest goes. */
const maximumTemplates = 24;
const keyPattern = /^[0-9a-f]{16}$/;

const shapeSchema = z.strictObject({
  driver: z.string(),
  /** Which VMM: `Hypervisor.version`. */
  vmm: z.string(),
  accelerator: z.string(),
  /** `hyper 6.1.0`, for a person. */
  kernel: z.string(),
  kernelDigest: z.string(),
  /** Path of the initramfs, which is named by its content. */
  initramfs: z.string(),
  cpus: z.int(),
  memoryMiB: z.int(),
  /** Their kinds, in their order: what is behind a card decides what it can do. */
  nics: z.string(),
  /** Their names and what may be done: `image0:r,scratch0:w`. */
  disks: z.string(),
  /** Id of the image that is mounted; empty: none is. */
  image: z.string(),
  /** The scratch disk is in use already; else a container that ran before brings its own. */
  newScratch: z.boolean(),
  /** This boot of the host, and the rate of its time stamp counter. */
  hostBoot: z.string(),
  tscKhz: z.int(),
});
/** All that two machines must have in common for one to be a clone of the other's template. */
export type Shape = z.infer<typeof shapeSchema>;

const recordSchema = z.strictObject({
  format: z.literal(formatVersion),
  shape: shapeSchema,
  createdAt: z.string(),
  /** How long making it took. */
  tookMs: z.number(),
  /** Of each file: apparent size, by which a damaged one is told. */
  files: z.record(z.string(), z.int()),
});

/** A saved machine. */
export interface Template {
  key: string;
  folder: string;
  shape: Shape;
  createdAt: string;
  lastUsedAt: string;
  tookMs: number;
  /** What it takes on the host's disk. */
  diskBytes: number;
}

const byName = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);

/** The name of a shape. */
export function shapeKey(shape: Shape): string {
  const text = JSON.stringify(Object.entries({ formatVersion, ...shape }).sort(byName));
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** The template's own scratch disk, as it was when the machine was saved. */
export function templateScratch(folder: string): string {
  return join(folder, "scratch.img");
}

/** Saved machines, each in a folder that is named by its shape. */
export class TemplateStore {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Takes what a crash has left half-made away. */
  static async open(folder: string): Promise<TemplateStore> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const name of await readdir(folder)) {
      if (!keyPattern.test(name)) await rm(join(folder, name), { recursive: true, force: true });
    }
    return new TemplateStore(folder);
  }

  /** Those that are whole, the last used first. */
  async list(): Promise<Template[]> {
    const found = await Promise.all((await readdir(this.#folder)).map((key) => this.find(key)));
    return found
      .filter((one) => one !== undefined)
      .sort((a, b) => b.lastUsedAt.localeCompare(a.lastUsedAt));
  }

  /** The template of this key; one that isn't whole is none. */
  async find(key: string): Promise<Template | undefined> {
    if (!keyPattern.test(key)) return undefined;
    const folder = join(this.#folder, key);
    const path = recordPath(folder);
    const text = await ignore("ENOENT", () => readFile(path, "utf8"));
    if (text === undefined) return undefined;
    const parsed = recordSchema.safeParse(tryParseJson(text));
    if (!parsed.success) return undefined;
    let diskBytes = 0;
    for (const [name, size] of Object.entries(parsed.data.files)) {
      const file = await ignore("ENOENT", () => stat(join(folder, name)));
      if (file?.size !== size) return undefined;
      diskBytes += file.blocks * 512;
    }
    const { shape, createdAt, tookMs } = parsed.data;
    const lastUsedAt = (await stat(path)).mtime.toISOString();
    return { key, folder, shape, createdAt, tookMs, diskBytes, lastUsedAt };
  }

  /** By its key or the beginning of it. */
  async get(prefix: string): Promise<Template> {
    const matches = (await this.list()).filter(({ key }) => key.startsWith(prefix));
    const [only, ...others] = matches;
    if (only === undefined || prefix === "")
      throw new DvmError("not-found", `No such template: ${prefix}`);
    if (others.length > 0)
      throw new DvmError("invalid", `Multiple templates found with provided prefix: ${prefix}`);
    return only;
  }

  /** Keeps what `write` puts into an empty folder. It is there whole or not at all. */
  async add(shape: Shape, write: (folder: string) => Promise<void>): Promise<Template> {
    const key = shapeKey(shape);
    const target = join(this.#folder, key);
    const work = join(this.#folder, `${key}.${process.pid}.tmp`);
    const begin = performance.now();
    try {
      await rm(work, { recursive: true, force: true });
      await mkdir(work, { mode: 0o700 });
      await write(work);
      const record: z.infer<typeof recordSchema> = {
        format: formatVersion,
        shape,
        createdAt: new Date().toISOString(),
        tookMs: Math.round(performance.now() - begin),
        files: await fileSizes(work),
      };
      await writeFile(recordPath(work), `${JSON.stringify(record, undefined, 2)}\n`);
      // nothing is synced: after a crash of the host its shape is another one
      await rm(target, { recursive: true, force: true });
      await rename(work, target);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
    await this.#makeRoom();
    const made = await this.find(key);
    if (made === undefined) throw new DvmError("damaged", `cannot keep template ${key}`);
    return made;
  }

  async touch({ folder }: Template): Promise<void> {
    const now = new Date();
    await ignore("ENOENT", () => utimes(recordPath(folder), now, now));
  }

  /** Clones that run go on: they hold what they need. */
  async remove(key: string): Promise<void> {
    if (keyPattern.test(key)) await rm(join(this.#folder, key), { recursive: true, force: true });
  }

  async #makeRoom(): Promise<void> {
    for (const { key } of (await this.list()).slice(maximumTemplates)) await this.remove(key);
  }
}

function recordPath(folder: string): string {
  return join(folder, "template.json");
}

async function fileSizes(folder: string): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isFile()) sizes[entry.name] = (await stat(join(folder, entry.name))).size;
  }
  return sizes;
}

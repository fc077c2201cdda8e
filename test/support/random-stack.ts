import type { Random } from "./random.ts";
import { tarForms, type LayerEntry } from "./tar-forms.ts";

/** Layers of one image, the lowest first. */
export interface Stack {
  layers: LayerEntry[][];
  /** Folders that no layer lists: what made them up says nothing of their attributes. */
  unlisted: Set<string>;
}

export interface StackOptions {
  /** Only what dockerd takes and keeps: no path twice in a layer, one whiteout, which comes first, no date before 1970. */
  once?: boolean;
  /** How many layers it has. */
  depth?: number;
}

const names = [
  ...["a", "b", "c", "dir", "lib", "..dots", ".hidden", "with space", "line\nbreak", "-dash"],
  ...[
    "\xc3\xbcnic\xc3\xb6de",
    "\xff\xfe\x80",
    "\\back",
    'q"uote',
    "n".repeat(255),
    "x".repeat(101),
  ],
];
/** Around what is empty, what lies beside its inode, and whole pages. */
const sizes = [
  0, 1, 13, 511, 512, 513, 3900, 4000, 4031, 4032, 4033, 4095, 4096, 4097, 8192, 8193, 70_000,
];
const times: readonly LayerEntry["mtime"][] = [
  ...([
    [0, 0],
    [1, 1],
    [-1, 0],
    [-1, 999_999_999],
    [-86_400_000, 500_000_000],
  ] as const),
  ...([
    [1_700_000_000, 0],
    [1_700_000_000, 123_456_789],
    [2 ** 31, 1],
    [4_102_444_800, 0],
  ] as const),
];
const owners = [0, 0, 0, 1000, 65_534, 70_000, 2_097_152, 4_294_967_294];
const modes = [0o644, 0o755, 0o600, 0, 0o4755, 0o2755, 0o1777, 0o7777];
const deepest = 4;

/** A stack that breaks no rule, of everything that layers may hold. `at`: the folder that it is for. */
export function randomStack(random: Random, at: string, options: StackOptions = {}): Stack {
  const maker = new StackMaker(random, at, options);
  const count = options.depth ?? (random.oneIn(12) ? 24 : 1 + random.below(5));
  const layers = Array.from({ length: count }, () => maker.layer());
  return { layers, unlisted: maker.unlisted() };
}

interface Node {
  /** A hard link is what it leads to. */
  entry: LayerEntry;
  listed: boolean;
}

/** An entry, and its path in plain spelling. */
interface Made {
  path: string;
  entry: LayerEntry;
}

interface Hiding extends Made {
  /** What it hides and is no folder. */
  hidden: string[];
}

/** Keeps what the layers so far have made, so that the next one can touch it. */
class StackMaker {
  readonly #random: Random;
  readonly #at: string;
  readonly #once: boolean;
  #nodes = new Map<string, Node>();
  /** What the layer at hand has an entry for. */
  #used = new Set<string>();

  constructor(random: Random, at: string, { once = false }: StackOptions) {
    this.#once = once;
    this.#random = random;
    this.#at = at;
    this.#nodes.set(at, { entry: this.#folder(at), listed: true });
  }

  layer(): LayerEntry[] {
    const random = this.#random;
    this.#used = new Set();
    // what a layer hides is what lies below it, wherever in the layer that is said
    const most = this.#once ? 1 : 3;
    const hidden = Array.from({ length: random.below(most + 1) }, () => this.#whiteout());
    for (const { path } of hidden) this.#isFree(path);
    const made: Made[] = [];
    if (this.#nodes.size === 1) {
      this.#isFree(this.#at);
      made.push(this.#put(this.#at, this.#folder(this.#at)));
    }
    for (let left = random.below(14); left > 0; left -= 1) made.push(...this.#change());
    const last = (one: Hiding) => (this.#once ? 0 : lastPlace(one, made));
    for (const one of hidden) made.splice(random.below(last(one) + 1), 0, one);
    return made.map(({ entry }) => ({ ...entry, form: random.pick(tarForms) }));
  }

  unlisted(): Set<string> {
    return new Set([...this.#nodes].filter(([, { listed }]) => !listed).map(([path]) => path));
  }

  #change(): Made[] {
    const random = this.#random;
    const kind = random.pick([
      "file",
      "file",
      "file",
      "dir",
      "dir",
      "again",
      "symlink",
      "hardlink",
      "special",
    ]);
    if (kind === "again") return this.#again();
    if (kind === "hardlink") return this.#hardLink();
    const path = this.#newPath(kind === "dir");
    if (path === undefined || !this.#isFree(path)) return [];
    if (kind === "dir") return [this.#put(path, this.#folder(path))];
    if (kind === "file") return [this.#put(path, this.#file(path))];
    if (kind === "symlink") return [this.#put(path, this.#symlink(path))];
    const type = random.pick(["fifo", "char", "block"] as const);
    const device = [random.pick([1, 8, 259, 4095]), random.pick([1, 255, 256, 70_000])] as const;
    return [
      this.#put(path, { ...this.#common(path), type, ...(type === "fifo" ? {} : { device }) }),
    ];
  }

  /** What is there comes once more, with other attributes, or the same twice in a row. */
  #again(): Made[] {
    const found = this.#random.pick([...this.#nodes]);
    const [path, { entry }] = found;
    if (!this.#isFree(path)) return [];
    if (path === this.#at) return [this.#put(path, this.#folder(path))];
    if (entry.type === "dir") return [this.#put(path, this.#folder(path))];
    const { mode, uid, gid, mtime } = this.#common(path);
    return [
      this.#put(path, {
        ...entry,
        path,
        uid,
        gid,
        mtime,
        mode: entry.type === "symlink" ? 0o777 : mode,
      }),
    ];
  }

  #hardLink(): Made[] {
    const path = this.#newPath(false);
    const targets = [...this.#nodes].filter(
      ([target, { entry }]) =>
        entry.type !== "dir" && target !== path && !target.startsWith(`${path}/`),
    );
    if (path === undefined || targets.length === 0 || !this.#isFree(path)) return [];
    const [target, { entry }] = this.#random.pick(targets);
    const put = this.#put(path, entry);
    const { content: _content, device: _device, ...attributes } = put.entry;
    const link = this.#random.oneIn(4) ? `/${target}` : target;
    return [{ path, entry: { ...attributes, type: "hardlink", link } }];
  }

  /** Of something below, of nothing, or of all that a folder has. */
  #whiteout(): Hiding {
    const random = this.#random;
    const folders = [...this.#nodes]
      .filter(([, { entry }]) => entry.type === "dir")
      .map(([path]) => path);
    if (random.oneIn(4)) {
      const folder = random.pick(folders);
      return this.#hiding(`${folder}/.wh..wh..opq`, this.#removeBelow(folder));
    }
    const candidates = [...this.#nodes.keys()].filter(
      (path) => path !== this.#at && isShort(path.slice(path.lastIndexOf("/") + 1)),
    );
    const isThere = candidates.length > 0 && !random.oneIn(4);
    const path = isThere
      ? random.pick(candidates)
      : `${random.pick(folders)}/${random.pick(names.filter(isShort))}`;
    const hidden = this.#remove(path);
    return this.#hiding(
      path.replace(/[^/]*$/, (name) => `.wh.${name}`),
      hidden,
    );
  }

  #hiding(path: string, hidden: string[]): Hiding {
    return {
      path,
      hidden,
      entry: { ...this.#common(path), type: "file", content: Buffer.alloc(0) },
    };
  }

  /** Anywhere: where nothing is, or something to be replaced; perhaps below folders that no layer lists. */
  #newPath(forFolder: boolean): string | undefined {
    const random = this.#random;
    const folders = [...this.#nodes]
      .filter(([, { entry }]) => entry.type === "dir")
      .map(([path]) => path);
    let path = random.pick(folders);
    const more = random.oneIn(5) ? 2 : 1;
    for (let count = 0; count < more; count += 1) path += `/${random.pick(names)}`;
    if (path.split("/").length > deepest + 1) return undefined;
    const parent = path.slice(0, path.lastIndexOf("/"));
    const blocked = this.#nodes.get(parent);
    if (blocked !== undefined && blocked.entry.type !== "dir") return undefined;
    if (forFolder || !this.#once) return path;
    // dockerd sets the times of a layer's folders at its end, when this one would have gone
    return [...this.#used].some((one) => one.startsWith(`${path}/`)) ? undefined : path;
  }

  /** Whether the layer may have an entry for it; takes note of it. */
  #isFree(path: string): boolean {
    if (this.#once && this.#used.has(path)) return false;
    this.#used.add(path);
    return true;
  }

  #put(path: string, entry: LayerEntry): Made {
    const there = this.#nodes.get(path);
    if (!(there?.entry.type === "dir" && entry.type === "dir")) this.#remove(path);
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth += 1) {
      const above = parts.slice(0, depth).join("/");
      if (above.startsWith(this.#at) && !this.#nodes.has(above))
        this.#nodes.set(above, { entry: this.#folder(above), listed: false });
    }
    const written = this.#written(path, entry.type);
    this.#nodes.set(path, { entry, listed: true });
    return { path, entry: { ...entry, path: written } };
  }

  /** Gives the paths of what was no folder. */
  #remove(path: string): string[] {
    const type = this.#nodes.get(path)?.entry.type ?? "dir";
    this.#nodes.delete(path);
    return [...(type === "dir" ? [] : [path]), ...this.#removeBelow(path)];
  }

  #removeBelow(folder: string): string[] {
    const below = [...this.#nodes.keys()].filter((path) => path.startsWith(`${folder}/`));
    return below.flatMap((path) => {
      const type = this.#nodes.get(path)?.entry.type;
      this.#nodes.delete(path);
      return type === "dir" ? [] : [path];
    });
  }

  #common(path: string) {
    const random = this.#random;
    const [uid, gid] = [random.pick(owners), random.pick(owners)];
    return {
      path,
      mode: random.pick(modes),
      uid,
      gid,
      mtime: random.pick(this.#once ? times.filter(([seconds]) => seconds >= 0) : times),
    };
  }

  #folder(path: string): LayerEntry {
    return { ...this.#common(path), type: "dir", ...this.#xattrs(["user.note", "trusted.note"]) };
  }

  #file(path: string): LayerEntry {
    const random = this.#random;
    const content = Buffer.alloc(random.pick(sizes), random.bytes(7));
    const xattrs = this.#xattrs(["user.note", "user.large", "trusted.note", "security.capability"]);
    return { ...this.#common(path), type: "file", content, ...xattrs };
  }

  #symlink(path: string): LayerEntry {
    const random = this.#random;
    const target = random.pick([...this.#nodes.keys()]);
    const link = random.pick([
      ...[
        `/${target}`,
        `/${path.slice(0, path.lastIndexOf("/"))}`,
        target.slice(target.lastIndexOf("/") + 1),
        "nowhere",
        "../..",
        ".",
      ],
      ...["../".repeat(9), "l".repeat(100), "t/".repeat(600), "\xff", path],
    ]);
    return {
      ...this.#common(path),
      mode: 0o777,
      type: "symlink",
      link,
      ...this.#xattrs(["trusted.note"]),
    };
  }

  #xattrs(names: string[]): { xattrs?: Record<string, Buffer> } {
    const random = this.#random;
    if (!random.oneIn(4)) return {};
    const chosen = names.filter(() => random.oneIn(2));
    return { xattrs: Object.fromEntries(chosen.map((name) => [name, xattrValue(name, random)])) };
  }

  /** The same path in another spelling. */
  #written(path: string, type: LayerEntry["type"]): string {
    const random = this.#random;
    const parent = path.slice(0, path.lastIndexOf("/"));
    const through = [...this.#nodes].filter(([, { entry }]) => entry.link === `/${parent}`);
    const spelled =
      through.length > 0 && random.oneIn(2)
        ? `${random.pick(through)[0]}${path.slice(parent.length)}`
        : random.pick([
            path,
            path,
            path,
            `./${path}`,
            `/${path}`,
            path.replaceAll("/", "//"),
            path.replace("/", "/./"),
          ]);
    return type === "dir" && !random.oneIn(4) ? `${spelled}/` : spelled;
  }
}

/**
 * How late a whiteout may come: while its folder is one, and before anything goes through what it
 * hides, for then tools follow what is still there.
 */
function lastPlace({ path, hidden }: Hiding, made: readonly Made[]): number {
  const isLast = (one: Made) =>
    (one.entry.type !== "dir" && path.startsWith(`${one.path}/`)) ||
    hidden.some((gone) => one.path.startsWith(`${gone}/`));
  const index = made.findIndex(isLast);
  return index < 0 ? made.length : index;
}

function isShort(name: string): boolean {
  return name.length < 250;
}

/** `cap_net_bind_service+ep`, as capabilities(7) of version 2 are stored. */
const capability = Buffer.from("0100000200040000000000000000000000000000", "hex");

function xattrValue(name: string, random: Random): Buffer {
  if (name === "security.capability") return capability;
  return random.bytes(name === "user.large" ? random.pick([1000, 3000]) : 5);
}

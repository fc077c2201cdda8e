import { execFile } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { ImageStore } from "../../src/image/store/image-store.ts";
import { extract, flatten } from "./image-tree.ts";
import { writeOciLayout } from "./oci-layout.ts";
import type { Stack } from "./random-stack.ts";
import { dockerArchive, makeTar, streamOf } from "./tar.ts";
import { tarOf } from "./tar-forms.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const run = promisify(execFile);
export const lister = join(import.meta.dirname, "list-below.py");

/** A path as list-below.py describes it; `time` in nanoseconds. */
export type Listed = Record<string, unknown> & { path: string; kind: string; time: string };

/** The tars of an image whose layers hold, each in a folder of its own, those of all stacks. */
export function imageLayers(stacks: readonly Stack[]): Buffer[] {
  const depth = Math.max(...stacks.map(({ layers }) => layers.length));
  return Array.from({ length: depth }, (_, index) =>
    tarOf(stacks.flatMap(({ layers }) => layers[index] ?? [])),
  );
}

/**
 * The first difference between what umoci unpacks of these stacks and what another reader of EROFS
 * finds in DVM's disk, or what went wrong; undefined when they are the same. `by`: whose fault it is.
 */
export async function differenceOf(
  stacks: readonly Stack[],
): Promise<{ by: "umoci" | "dvm" | "tree"; text: string } | undefined> {
  await using folder = await temporaryFolder();
  const layers = imageLayers(stacks);
  const since = Date.now();
  const expected = await umociTree(layers, folder.path).catch(textOf);
  if (typeof expected === "string") return { by: "umoci", text: expected };
  const found = await dvmTree(layers, folder.path).catch(textOf);
  if (typeof found === "string") return { by: "dvm", text: found };
  const unlisted = new Set(stacks.flatMap((stack) => [...stack.unlisted]));
  const hasLinks = await hostKnowsErofs();
  const ignored = () => (hasLinks ? [] : unextracted);
  const text = compare(expected, found, { unlisted, since, ignored });
  return text === undefined ? undefined : { by: "tree", text };
}

/** Of a program, what it said. */
function textOf(error: unknown): string {
  return error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
}

/** What umoci unpacks. */
export async function umociTree(
  layers: readonly Buffer[],
  work: string,
  below = "",
): Promise<Listed[]> {
  await writeOciLayout(join(work, "oci"), { layers, tag: "made" });
  const bundle = join(work, "bundle");
  await run("umoci", ["unpack", "--image", `${join(work, "oci")}:made`, bundle]);
  return listBelow(join(bundle, "rootfs", below));
}

/**
 * What is in the disk that DVM makes, as this host's kernel sees it; where that knows no EROFS, as
 * erofs-utils unpack it, which leave out xattrs and links. Fails when fsck.erofs finds a fault, and
 * when the layers don't come back as they were.
 */
export async function dvmTree(layers: readonly Buffer[], work: string): Promise<Listed[]> {
  await using store = await ImageStore.open(join(work, "store"));
  const [image] = await store.load(streamOf(makeTar(dockerArchive(layers))));
  if (image === undefined) throw new Error("no image was loaded");
  for (const diffId of store.find(image.id).layers)
    for await (const _piece of store.openLayerTar(diffId));
  const { path } = await store.disk(image.id);
  const flat = join(work, "checked.erofs");
  await flatten(path, flat);
  await run("fsck.erofs", [flat]);
  if (!(await hostKnowsErofs())) return await listBelow(await extract(path, work));
  const mount = join(work, "mount");
  await mkdir(mount);
  const script = 'mount -t erofs -o loop,ro "$0" "$1" && exec python3 "$2" "$1"';
  return parse(
    (await run("unshare", ["--mount", "sh", "-c", script, flat, mount, lister], large)).stdout,
  );
}

export async function hostKnowsErofs(): Promise<boolean> {
  return /\berofs$/m.test(await readFile("/proc/filesystems", "utf8"));
}

const large = { maxBuffer: 1 << 28 };

export async function listBelow(folder: string): Promise<Listed[]> {
  return parse((await run("python3", [lister, folder], large)).stdout);
}

export function parse(lines: string): Listed[] {
  return lines
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Listed);
}

interface Masks {
  unlisted: ReadonlySet<string>;
  /** When the reference began to unpack, in ms: a folder's later time is the unpacking's. */
  since: number;
  /** What the two can't have in common; as a rule nothing. */
  ignored?: (one: Listed) => readonly string[];
}

/** What erofs-utils leave out when they unpack. */
const unextracted = ["xattrs", "links", "same"];

/** The first difference of two trees, in words. */
export function compare(
  expected: readonly Listed[],
  found: readonly Listed[],
  { unlisted, since, ignored = () => [] }: Masks,
): string | undefined {
  const others = new Map(found.map((one) => [one.path, one]));
  for (const one of expected) {
    const other = others.get(one.path);
    others.delete(one.path);
    const ownTime = one.kind === "folder" && Number(one.time) / 1e6 >= since - 1000;
    const left = new Set([
      ...(unlisted.has(one.path) ? ["mode", "owner", "time"] : []),
      ...(ownTime ? ["time"] : []),
      ...ignored(one),
    ]);
    const text = (listed: Listed | undefined) =>
      listed &&
      JSON.stringify(listed, (key, value: unknown) => (left.has(key) ? undefined : value));
    if (text(one) !== text(other)) return `expected ${text(one)}, found ${text(other)}`;
  }
  const [more] = others.values();
  return more && `expected nothing, found ${JSON.stringify(more)}`;
}

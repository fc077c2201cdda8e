import { DvmError } from "../../base/errors.ts";
import { readLayerIndex, type LayerEntry } from "../layer/layer.ts";
import { opaqueMarker, whiteoutPrefix } from "../layer/whiteouts.ts";
import { printable } from "../../base/tar/tar-reader.ts";

/** A file, folder or other thing of the merged tree; several names may lead to one. */
export interface Inode extends Omit<LayerEntry, "path" | "type" | "page" | "slot" | "sparse"> {
  type: Exclude<LayerEntry["type"], "hardlink">;
  /** Where a file's content lies: the layer's number, and its first block or its inode in `data`. */
  content?: { layer: number; page?: number; slot?: number };
  /** It isn't as its layer has it. */
  changed?: true;
  /** Of a folder: names are bytes, one a character. */
  children?: Map<string, Inode>;
}

/** aufs kept its own files under such names; nobody else may. */
const aufsPrefix = ".wh..wh.";
const maximumLinkHops = 40;
const maximumNameBytes = 255;
const maximumTargetBytes = 4095;
const maximumInodes = 1_000_000;
/** Names looked up on all ways to all entries: some seconds, when an image has nothing but detours. */
const maximumSteps = 50_000_000;

/** What is made of the layers so far. */
interface Tree {
  root: Inode;
  inodes: number;
  /** Names that were looked up. */
  steps: number;
}

/** Lays an image's layers over each other, the first at the bottom, and gives the root. */
export async function mergeLayers(folders: readonly string[]): Promise<Inode> {
  const tree: Tree = { root: newFolder(), inodes: 1, steps: 0 };
  for (const [layer, folder] of folders.entries()) {
    await removeWhiteouts(tree, folder);
    for await (const entry of readLayerIndex(folder)) addEntry(tree, entry, layer);
  }
  return tree.root;
}

/** Whiteouts hide what lower layers have, never what their own layer brings: they come first. */
async function removeWhiteouts(tree: Tree, folder: string): Promise<void> {
  const hides = (line: string) => line.includes(whiteoutPrefix);
  for await (const { path } of readLayerIndex(folder, hides)) {
    const names = pathNames(path);
    const name = names.pop() ?? "";
    if (!name.startsWith(whiteoutPrefix)) continue;
    const parent = findFolder(tree, names);
    if (name === opaqueMarker) parent?.children?.clear();
    else if (!name.startsWith(aufsPrefix))
      parent?.children?.delete(name.slice(whiteoutPrefix.length));
  }
}

function addEntry(tree: Tree, entry: LayerEntry, layer: number): void {
  const names = pathNames(entry.path);
  const name = names.pop();
  if (name === undefined) {
    if (entry.type !== "dir") throw refused(entry.path, "the root is not a folder");
    takeAttributes(tree.root, entry);
    return;
  }
  if (name.startsWith(whiteoutPrefix) || names[0]?.startsWith(aufsPrefix) === true) return;
  checkEntry(entry, name);
  const parent = makeFolder(tree, names, entry.path);
  const existing = parent.get(name);
  if (entry.type === "dir" && existing?.type === "dir") takeAttributes(existing, entry);
  else if (entry.type === "hardlink")
    parent.set(name, takeLinkAttributes(linkTarget(tree, entry), entry));
  else {
    parent.set(name, newInode(entry, layer));
    countInode(tree);
  }
}

function checkEntry(entry: LayerEntry, name: string): void {
  if (name.length > maximumNameBytes) throw refused(entry.path, `a name of ${name.length} bytes`);
  if (`${entry.path}${entry.link ?? ""}`.includes("\0"))
    throw refused(entry.path, "a NUL in a name");
  const length = entry.link?.length ?? 0;
  if (entry.type === "symlink" && (length === 0 || length > maximumTargetBytes))
    throw refused(entry.path, `a link to a name of ${length} bytes`);
}

/** What a hard link leads to: links among its folders are followed, the last name is not. */
function linkTarget(tree: Tree, entry: LayerEntry): Inode {
  const target = entry.link ?? "";
  const names = pathNames(target);
  const name = names.pop() ?? "";
  const inode = findFolder(tree, names)?.children?.get(name);
  if (inode === undefined)
    throw refused(entry.path, `a hard link to ${printable(target)}, which isn't there`);
  if (inode.type === "dir") throw refused(entry.path, `a hard link to folder ${printable(target)}`);
  return inode;
}

function newInode(entry: LayerEntry, layer: number): Inode {
  const { path: _path, type, page, slot, sparse: _sparse, ...rest } = entry;
  if (type === "hardlink") throw new DvmError("internal", "cannot make an inode of a hard link");
  return {
    ...rest,
    // Linux knows no other
    ...(type === "symlink" ? { mode: 0o777 } : {}),
    type,
    ...(page === undefined ? {} : { content: { layer, page } }),
    ...(slot === undefined ? {} : { content: { layer, slot } }),
    ...(type === "dir" ? { children: new Map<string, Inode>() } : {}),
  };
}

function takeAttributes(folder: Inode, { mode, uid, gid, mtime, xattrs }: LayerEntry): void {
  Object.assign(folder, { mode, uid, gid, mtime });
  if (xattrs === undefined) delete folder.xattrs;
  else folder.xattrs = xattrs;
}

/** As Docker has it, a hard link's attributes are its target's from then on. */
function takeLinkAttributes(target: Inode, { mode, uid, gid, mtime }: LayerEntry): Inode {
  const taken = { uid, gid, mtime, mode: target.type === "symlink" ? target.mode : mode };
  const isSame =
    taken.mode === target.mode &&
    uid === target.uid &&
    gid === target.gid &&
    mtime.every((part, index) => part === target.mtime[index]);
  return isSame ? target : Object.assign(target, taken, { changed: true });
}

function newFolder(): Inode {
  return { type: "dir", mode: 0o755, uid: 0, gid: 0, size: 0, mtime: [0, 0], children: new Map() };
}

function countInode(tree: Tree): void {
  tree.inodes += 1;
  if (tree.inodes > maximumInodes)
    throw new DvmError(
      "invalid",
      `cannot store the image: it has more than ${maximumInodes} files`,
    );
}

/** Names of a path; `.` and empty ones left out, `..` resolved, which may not lead out of the root. */
export function pathNames(path: string): string[] {
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "..") {
      if (names.pop() === undefined) throw refused(path, "it leads out of the image");
    } else if (name !== "" && name !== ".") names.push(name);
  }
  return names;
}

/** The children of the folder at `names`; folders that no layer mentioned are made. */
function makeFolder(tree: Tree, names: string[], path: string): Map<string, Inode> {
  const walked = walk(tree, names);
  let { folder } = walked;
  if (walked.blocked) throw refused(path, "one of its folders is none");
  for (const name of walked.missing) {
    if (name.length > maximumNameBytes) throw refused(path, `a name of ${name.length} bytes`);
    const made = newFolder();
    countInode(tree);
    folder.children?.set(name, made);
    folder = made;
  }
  return folder.children ?? new Map();
}

function findFolder(tree: Tree, names: string[]): Inode | undefined {
  const { folder, missing, blocked } = walk(tree, names);
  return missing.length > 0 || blocked ? undefined : folder;
}

/**
 * Goes down as a process whose root is the image would: links are followed, and `..` of the root is
 * the root. `missing`: names below `folder` that don't exist; `blocked`: something there is no folder.
 */
function walk(tree: Tree, names: readonly string[]) {
  const { root } = tree;
  const left = [...names].reverse();
  const above: Inode[] = [root];
  let hops = 0;
  for (;;) {
    const folder = above.at(-1) ?? root;
    const name = left.pop();
    tree.steps += 1;
    if (tree.steps > maximumSteps) throw tooFar();
    if (name === undefined) return { folder, missing: [], blocked: false };
    if (name === "" || name === ".") continue;
    if (name === "..") {
      if (above.length > 1) above.pop();
      continue;
    }
    const child = folder.children?.get(name);
    if (child?.type === "dir") above.push(child);
    else if (child?.type === "symlink") {
      const target = child.link ?? "";
      hops += 1;
      if (hops > maximumLinkHops) throw refused(target, "too many links lead to each other");
      if (target.startsWith("/")) above.length = 1;
      left.push(...target.split("/").reverse());
    } else {
      const missing = [name, ...left.reverse()].filter((one) => one !== "" && one !== ".");
      const blocked = child !== undefined || missing.includes("..");
      return { folder, missing, blocked };
    }
  }
}

function tooFar(): DvmError {
  return new DvmError(
    "invalid",
    `cannot store the image: the ways to its files have more than ${maximumSteps} folders and links`,
  );
}

function refused(path: string, fact: string): DvmError {
  return new DvmError(
    "damaged",
    `cannot store the image: a layer holds ${printable(path)}: ${fact}`,
  );
}

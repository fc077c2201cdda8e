import type { Inode } from "../disk/merge-tree.ts";

const maximumHops = 40;
const maximumNames = 4096;

/**
 * What lies at an absolute path, as a process whose root is the image would find it: links are
 * followed, the last one too, and none leads out. Undefined: nothing does, or too many links.
 */
export function findFile(root: Inode, path: string): Inode | undefined {
  const left = path.split("/").reverse();
  const above: Inode[] = [root];
  let hops = 0;
  for (let looked = 0; left.length > 0; looked += 1) {
    if (looked > maximumNames) return undefined;
    const name = left.pop() ?? "";
    if (name === "" || name === ".") continue;
    if (name === "..") {
      if (above.length > 1) above.pop();
      continue;
    }
    const child = above.at(-1)?.children?.get(name);
    if (child === undefined) return undefined;
    if (child.type !== "symlink") {
      above.push(child);
      continue;
    }
    hops += 1;
    const target = child.link ?? "";
    if (hops > maximumHops) return undefined;
    if (target.startsWith("/")) above.length = 1;
    left.push(...target.split("/").reverse());
  }
  return above.at(-1);
}

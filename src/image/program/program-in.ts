import type { Inode } from "../disk/merge-tree.ts";
import { readElf, type ReadAt } from "./elf.ts";
import { findFile } from "./find-file.ts";
import type { FoundProgram, WantedProgram } from "./find-program.ts";
import { withContent } from "./read-file.ts";

/** An image's merged tree, and the folders that hold its contents. */
export interface ImageTree {
  root: Inode;
  layers: readonly string[];
}

/** As Linux has it: so many scripts may name each other. */
const maximumScripts = 5;
const firstLineBytes = 256;
const executable = 0o111;

/** The program that a command line names; null: there is none. */
export async function programIn(
  tree: ImageTree,
  wanted: WantedProgram,
): Promise<FoundProgram | null> {
  const paths: string[] = [];
  let path = wantedPath(tree, wanted);
  while (path !== undefined && paths.length <= maximumScripts) {
    const inode = fileAt(tree, path);
    if (inode === undefined) break;
    paths.push(path);
    const { next, elf } = await withContent(inode, tree.layers, async (read) => ({
      next: await interpreterOf(tree, read, wanted),
      elf: await readElf(read),
    }));
    if (next === undefined) return { paths, elf };
    path = next;
  }
  return paths.length === 0 ? null : { paths, elf: undefined };
}

/** As execvp(3) looks for it. */
function wantedPath(tree: ImageTree, { args: [name = ""], path, cwd }: WantedProgram) {
  if (name.includes("/")) return absolute(name, cwd);
  return path
    .split(":")
    .map((folder) => absolute(`${folder}/${name}`, cwd))
    .find((candidate) => fileAt(tree, candidate) !== undefined);
}

/** What a script's first line names; of `env NAME` and `env -S NAME`, which are common, NAME. */
async function interpreterOf(
  tree: ImageTree,
  read: ReadAt,
  wanted: WantedProgram,
): Promise<string | undefined> {
  const line = (await read(0, firstLineBytes)).toString("latin1").split("\n", 1)[0] ?? "";
  if (!line.startsWith("#!")) return undefined;
  const [program = "", ...words] = line.slice(2).trim().split(/\s+/);
  if (program === "") return undefined;
  const name = words.find((word) => !word.startsWith("-") && !word.includes("="));
  if (!program.endsWith("/env") || name === undefined) return absolute(program, wanted.cwd);
  return wantedPath(tree, { ...wanted, args: [name] }) ?? absolute(program, wanted.cwd);
}

function fileAt({ root }: ImageTree, path: string): Inode | undefined {
  const inode = findFile(root, path);
  return inode?.type === "file" && (inode.mode & executable) !== 0 ? inode : undefined;
}

function absolute(path: string, cwd: string): string {
  return path.startsWith("/") ? path : `${cwd}/${path}`;
}

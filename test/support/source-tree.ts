import { chmod, link, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Files of every kind in a folder of this host. */
export async function makeSourceTree(folder: string): Promise<void> {
  await mkdir(join(folder, "tree/sub"), { recursive: true });
  await writeFile(join(folder, "tree/one"), "one");
  await writeFile(join(folder, "tree/sub/two"), Buffer.alloc(100_000, "two"));
  await writeFile(Buffer.concat([Buffer.from(`${folder}/tree/no-text-`), Buffer.from([0xff])]), "");
  await chmod(join(folder, "tree/sub/two"), 0o4751);
  await link(join(folder, "tree/one"), join(folder, "tree/sub/same"));
  await symlink("sub/two", join(folder, "tree/soft"));
  await symlink("tree", join(folder, "to-tree"));
  await writeFile(join(folder, "file"), "file");
}

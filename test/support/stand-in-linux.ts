import { execFile } from "node:child_process";
import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { listKernels } from "../../src/kernel/kernel-catalogue.ts";
import { testCache } from "./cache.ts";

const repository = join(import.meta.dirname, "../..");

/** What a build takes: an archive of a Linux that "compiles" at once, and a folder of recipes. */
export interface StandInLinux {
  archive: string;
  from: string;
}

interface StandInOptions {
  /** Text of the one feature, of recipe `little`. */
  feature: string;
  /** What `make bzImage` does instead of giving the images of the tests' own kernel. */
  compile?: string;
  /** What it does before that. */
  before?: string;
  /** What it does behind that, to the images. */
  after?: string;
  /** What prints text that is put behind the bzImage. */
  stain?: string;
  /** Size of a file of the source that nobody needs. */
  ballastBytes?: number;
}

/**
 * It knows CONFIG_KNOWN, CONFIG_OTHER and CONFIG_LOST, which its dependencies never let be on, and
 * is configured and built by make as Linux is.
 */
export async function standInLinux(
  folder: string,
  { feature, ballastBytes = 0, ...image }: StandInOptions,
): Promise<StandInLinux> {
  const tree = join(folder, "linux-6.1");
  const from = join(folder, "kernel");
  const symbols = ["KNOWN", "OTHER", "LOST"];
  await writeAll({
    [join(tree, "Kconfig")]: symbols.map((name) => `config ${name}\n\tbool\n`).join(""),
    [join(tree, "Makefile")]: await makefile(image),
    [join(tree, "ballast")]: Buffer.alloc(ballastBytes),
    [join(tree, "arch/x86/kernel/Makefile")]: "obj-y := setup.o\n",
    [join(from, "recipes/little.recipe")]: "# little: for a test\nmicrovm # all of it\n",
    [join(from, "features/microvm.config")]: feature,
    [join(from, "source/ours.c")]: "int ours;\n",
  });
  const archive = join(folder, "linux.tar.xz");
  const sameEachTime = ["--mtime=@0", "--sort=name"];
  await promisify(execFile)("tar", [...sameEachTime, "-cJf", archive, "-C", folder, "linux-6.1"]);
  return { archive, from };
}

/** DVM's source beside what {@link standInLinux} made in `folder`; gives the words that start its CLI. */
export async function standInCheckout(folder: string): Promise<[string, ...string[]]> {
  const checkout = join(folder, "checkout");
  for (const name of ["src", "guest", "package.json"])
    await cp(join(repository, name), join(checkout, name), { recursive: true });
  await symlink(join(repository, "node_modules"), join(checkout, "node_modules"));
  await symlink(join(folder, "kernel"), join(checkout, "kernel"));
  return [process.execPath, join(checkout, "src/bin/dvm.ts")];
}

async function makefile({
  compile,
  before = "true",
  after = "true",
  stain = "true",
}: Omit<StandInOptions, "feature">): Promise<string> {
  const kernel = (await listKernels(join(testCache, "data"))).find(({ name }) => name === "hyper");
  const copy = [
    before,
    "mkdir -p arch/x86/boot",
    `cp ${kernel?.path} arch/x86/boot/bzImage`,
    `${stain} >>arch/x86/boot/bzImage`,
    `cp ${kernel?.folder}/vmlinux ${kernel?.folder}/System.map .`,
    after,
    ...["main", "version"].map((file) => `@echo '  CC      init/${file}.o'`),
  ];
  const targets = {
    tinyconfig: ["echo CONFIG_TINY=y > .config"],
    olddefconfig: ["sed -i /^CONFIG_LOST=/d .config"],
    bzImage: compile === undefined ? copy : [compile],
  };
  const rules = Object.entries(targets).map(
    ([target, lines]) => `${target}:\n${lines.map((line) => `\t${line}\n`).join("")}`,
  );
  return `VERSION = 6\nPATCHLEVEL = 1\n${rules.join("")}`;
}

async function writeAll(files: Record<string, string | Buffer>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}

import { spawn } from "node:child_process";
import { chmod, copyFile, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, type Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { DvmError } from "../base/errors.ts";
import { downloadPackage, unpackPackage } from "../host/apt.ts";
import { findCompiler } from "../host/compiler.ts";
import { runTool } from "../host/run-tool.ts";
import { temporaryFolder } from "../host/temporary-folder.ts";

const helloSource = fileURLToPath(new URL("../../guest/hello/hello.c", import.meta.url));

/** Takes a root file system as image `name`, with changes in the words of a Dockerfile. */
export type ImportImage = (name: string, tar: Readable, changes: string[]) => Promise<void>;

/** An image that comes with DVM, made on this host so that it needs no registry. */
export interface BuiltInImage {
  name: string;
  what: string;
  /** Fills the empty folder `root`; `work` is for what it needs meanwhile. */
  fill(root: string, parts: { work: string; dataRoot: string }): Promise<void>;
  changes: string[];
}

export const builtInImages: BuiltInImage[] = [
  {
    name: "hello",
    what: "a program that says what just happened",
    fill: fillHello,
    changes: ['CMD ["/hello"]'],
  },
  {
    name: "busybox",
    what: "a small system to try things in",
    fill: fillBusybox,
    changes: [
      "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      'CMD ["sh"]',
    ],
  },
];

/** Makes an image and hands it over as a tar: the same files give the same bytes. */
export async function makeBuiltInImage(
  image: BuiltInImage,
  dataRoot: string,
  importImage: ImportImage,
): Promise<void> {
  await using work = await temporaryFolder(dataRoot, `image-${image.name}`);
  const root = join(work.path, "root");
  await mkdir(root, { mode: 0o755 });
  await image.fill(root, { work: work.path, dataRoot });
  await makeModesSure(root);
  const { tar, ended } = packRoot(root);
  await Promise.all([importImage(image.name, tar, image.changes), ended]);
}

async function fillHello(root: string, { dataRoot }: { dataRoot: string }): Promise<void> {
  const compiler = await findCompiler(dataRoot);
  if (compiler === undefined)
    throw new DvmError("unavailable", "cannot make image hello: there is no C compiler", {
      hint: "install gcc and libc6-dev, then run: dvm setup",
    });
  const flags = ["-D_GNU_SOURCE", "-Os", "-static", "-s", "-o", join(root, "hello"), helloSource];
  await runTool(compiler.path, [...compiler.arguments, ...flags], {
    purpose: "make image hello",
    environment: compiler.environment,
  });
}

async function fillBusybox(
  root: string,
  { work, dataRoot }: { work: string; dataRoot: string },
): Promise<void> {
  const archive = await downloadPackage("busybox-static", join(work, "archive"), { dataRoot });
  const unpacked = join(work, "unpacked");
  await unpackPackage(archive, unpacked);
  for (const folder of ["bin", "dev", "etc", "home", "proc", "root", "sys", "tmp", "usr", "var"])
    await mkdir(join(root, folder));
  await symlink("bin", join(root, "sbin"));
  await symlink("../bin", join(root, "usr/bin"));
  await symlink("../bin", join(root, "usr/sbin"));
  const program = join(root, "bin/busybox");
  await copyFile(await busyboxIn(unpacked), program);
  const applets = await runTool(program, ["--list"], { purpose: "make image busybox" });
  for (const applet of applets.split("\n").filter((name) => !["", "busybox"].includes(name)))
    await symlink("busybox", join(root, "bin", applet));
  await writeFile(join(root, "etc/passwd"), passwd);
  await writeFile(join(root, "etc/group"), group);
}

const passwd = `root:x:0:0:root:/root:/bin/sh
nobody:x:65534:65534:nobody:/home:/bin/false
`;
const group = `root:x:0:
nogroup:x:65534:
`;

/** In /bin before Debian 13, in /usr/bin since. */
async function busyboxIn(unpacked: string): Promise<string> {
  const paths = (await readdir(unpacked, { recursive: true })).sort();
  const found = paths.find((path) => /^(usr\/)?bin\/busybox$/.test(path));
  if (found === undefined)
    throw new DvmError("unavailable", "cannot make image busybox: the package holds no busybox");
  return join(unpacked, found);
}

/** Whatever the umask was. */
async function makeModesSure(root: string): Promise<void> {
  await chmod(root, 0o755);
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const isProgram = entry.name === "hello" || entry.name === "busybox";
    if (entry.isDirectory()) await chmod(path, directoryModes[entry.name] ?? 0o755);
    else if (entry.isFile()) await chmod(path, isProgram ? 0o755 : 0o644);
  }
}

const directoryModes: Record<string, number> = { tmp: 0o1777, root: 0o700 };

function packRoot(root: string): { tar: Readable; ended: Promise<void> } {
  const owner = ["--owner=0", "--group=0", "--numeric-owner"];
  const words = ["--sort=name", "--mtime=@0", "--format=posix", ...owner];
  // GNU tar would put its process id and the time of packing into posix headers
  const plain = "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime";
  const child = spawn("tar", [...words, plain, "-C", root, "-c", "."], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(new DvmError("internal", `cannot pack ${root}: tar ended with ${code}`));
    });
  });
  // Node drops what nobody reads yet when a child ends
  return { tar: child.stdout.pipe(new PassThrough()), ended };
}

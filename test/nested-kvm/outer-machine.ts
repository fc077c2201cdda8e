import { execFile } from "node:child_process";
import { copyFile, mkdir, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { downloadPackage, packageDependency, unpackPackage } from "../../src/host/apt.ts";
import { chooseKernel } from "../../src/kernel/kernel-catalogue.ts";
import { cpioArchive, type CpioEntry } from "../../src/kernel/cpio.ts";
import { modulesInOrder } from "../../src/kernel/modules.ts";
import { testCache } from "../support/cache.ts";

const run = promisify(execFile);
const repository = join(import.meta.dirname, "../..");

export interface OuterMachine {
  kernel: string;
  initramfs: string;
}

/**
 * The distribution's kernel, and an initramfs that holds what a host with KVM has: its modules, QEMU,
 * Node, this repository, and a HyperKernel. Kept in the cache of the tests, the initramfs in `work`.
 */
export async function makeOuterMachine(work: string): Promise<OuterMachine> {
  const { kernel, modules } = await kernelWithKvm();
  const hyper = await chooseKernel(join(testCache, "data"), "hyper");
  const tree = new Map<string, CpioEntry>();
  const add = async (path: string, source: string) => {
    const parts = path.split("/").slice(0, -1);
    for (const [index] of parts.entries()) {
      const folder = parts.slice(0, index + 1).join("/");
      if (!tree.has(folder)) tree.set(folder, { kind: "folder", path: folder, mode: 0o755 });
    }
    tree.set(path, { kind: "file", path, mode: 0o755, content: await readFile(source) });
  };
  for (const path of ["dev", "proc", "sys", "tmp"])
    tree.set(path, { kind: "folder", path, mode: 0o777 });
  await addPrograms(add);
  for (const [index, file] of modules.entries())
    await add(`modules/${String(index).padStart(2, "0")}.ko`, file);
  await add("hyper", hyper.path);
  await add("hyper-initramfs", hyper.initramfs);
  for (const folder of ["src", "test/nested-kvm", "test/support", "node_modules/zod"]) {
    for (const name of await filesBelow(join(repository, folder)))
      await add(`dvm/${folder}/${name}`, join(repository, folder, name));
  }
  await add("dvm/package.json", join(repository, "package.json"));
  const init = join(work, "init");
  await writeFile(init, initScript);
  await add("init", init);
  const initramfs = join(work, "initramfs");
  await writeFile(initramfs, cpioArchive([...tree.values()]));
  return { kernel, initramfs };
}

const initScript = `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/usr/bin:/bin
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs devtmpfs /dev
for module in /modules/*.ko; do insmod $module; done
ip link set lo up
cd /dvm && node test/nested-kvm/inside.ts 2>&1
reboot -f
`;

/** busybox, Node and QEMU with the libraries and firmware that they load. */
async function addPrograms(add: (path: string, source: string) => Promise<void>): Promise<void> {
  const paths = async (line: string) =>
    (await run("sh", ["-c", line])).stdout.split("\n").filter((path) => path !== "");
  const [busybox = "", qemu = ""] = await paths(
    "command -v busybox; command -v qemu-system-x86_64",
  );
  await add("bin/busybox", busybox);
  await add("usr/bin/node", process.execPath);
  await add("usr/bin/timeout", "/usr/bin/timeout"); // busybox has another one
  await add("usr/bin/qemu-system-x86_64", qemu);
  const libraries = await paths(
    `ldd ${process.execPath} ${qemu} | grep -o '/[^ ]*\\.so[^ ]*' | sort -u`,
  );
  for (const path of libraries) await add(path.slice(1), path);
  const firmware = await paths(
    "ls /usr/share/qemu/*.bin /usr/share/qemu/*.rom /usr/share/seabios/*.bin 2>/dev/null",
  );
  for (const path of firmware) await add(path.slice(1), path);
}

async function filesBelow(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  const kinds = await Promise.all(names.map((name) => stat(join(folder, name))));
  return names.filter((_, index) => kinds[index]?.isFile() === true);
}

/** The distribution's kernel with the modules of AMD's KVM, downloaded once. */
async function kernelWithKvm(): Promise<{ kernel: string; modules: string[] }> {
  const apt = { dataRoot: join(testCache, "data") };
  const packageName = await packageDependency("linux-image-amd64", /^linux-image-\d/, apt);
  const folder = join(testCache, `nested-${packageName}`);
  if (!(await readdir(folder).catch((): string[] => [])).includes("kernel")) {
    const unpacked = `${folder}.new`;
    const archive = await downloadPackage(packageName, `${folder}.download`, apt);
    await unpackPackage(archive, unpacked);
    const [release = ""] = await readdir(join(unpacked, "lib/modules"));
    const wanted = ["kvm-amd"].map((name) => name.replaceAll("-", "_"));
    const files = await modulesInOrder(join(unpacked, "lib/modules", release), wanted);
    const target = `${folder}.ready`;
    await mkdir(join(target, "modules"), { recursive: true });
    for (const [index, file] of files.entries())
      await copyFile(file, join(target, "modules", `${String(index).padStart(2, "0")}.ko`));
    await copyFile(join(unpacked, "boot", `vmlinuz-${release}`), join(target, "kernel"));
    await run("rm", ["-rf", unpacked, `${folder}.download`]);
    await rename(target, folder);
  }
  const names = (await readdir(join(folder, "modules"))).sort();
  return {
    kernel: join(folder, "kernel"),
    modules: names.map((name) => join(folder, "modules", name)),
  };
}

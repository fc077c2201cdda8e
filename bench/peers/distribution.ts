import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { access, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { DvmError } from "../../src/base/errors.ts";
import { testCache } from "../../test/support/cache.ts";
import { runProgram } from "../measure/run-program.ts";

const recipe = join(import.meta.dirname, "make-distribution.sh");
const makeDeadlineMs = 540_000;
const bootDeadlineMs = 300_000;

/** A Debian in a virtual machine, booted the usual way: QEMU's `pc`, the stock kernel, its initramfs. */
export interface Distribution {
  version: string;
  /** Boots it; `true` runs after multi-user.target, then it switches off. Milliseconds from the start. */
  boot(accelerator: string): Promise<{ trueMs: number; offMs: number }>;
}

/** Made once, and kept with the tests' fixtures. */
export async function findDistribution(say: (text: string) => void): Promise<Distribution> {
  const codename = /^VERSION_CODENAME=(.*)$/m.exec(await readFile("/etc/os-release", "utf8"))?.[1];
  const key = createHash("sha256")
    .update(`${codename}\n`)
    .update(await readFile(recipe))
    .digest("hex");
  const folder = join(testCache, `distribution-${key.slice(0, 16)}`);
  if (!(await exists(folder))) {
    say("making the disk of the distribution's machine, once; some minutes");
    await runProgram(["bash", recipe, `${folder}.new`], { deadlineMs: makeDeadlineMs });
    await rename(`${folder}.new`, folder);
  }
  const release = (await readFile(join(folder, "release"), "utf8")).trim();
  return {
    version: `Debian ${codename}, Linux ${release}, 1 processor, 512 MiB`,
    boot: (accelerator) => boot(folder, accelerator),
  };
}

async function boot(
  folder: string,
  accelerator: string,
): Promise<{ trueMs: number; offMs: number }> {
  const drive = `file=${join(folder, "disk.img")},if=virtio,format=raw,snapshot=on`;
  const start = performance.now();
  const qemu = spawn(
    "qemu-system-x86_64",
    [
      ...["-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot"],
      ...["-M", "pc", "-accel", accelerator, "-cpu", "max", "-smp", "1", "-m", "512"],
      ...["-nic", "user,model=virtio-net-pci", "-drive", drive],
      ...["-kernel", join(folder, "vmlinuz"), "-initrd", join(folder, "initrd.img")],
      ...["-append", "root=/dev/vda ro console=ttyS0 quiet"],
    ],
    { stdio: ["ignore", "pipe", "pipe"], timeout: bootDeadlineMs, killSignal: "SIGKILL" },
  );
  const errors = text(qemu.stderr);
  let trueMs = 0;
  createInterface({ input: qemu.stdout }).on("line", (line) => {
    if (line.includes("bench: true has run")) trueMs = performance.now() - start;
  });
  await once(qemu, "close");
  const offMs = performance.now() - start;
  if (trueMs > 0 && qemu.exitCode === 0) return { trueMs, offMs };
  throw new DvmError("unavailable", `cannot boot the distribution: ${(await errors).trim()}`);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

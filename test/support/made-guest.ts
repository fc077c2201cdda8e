import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { cpioArchive } from "../../src/kernel/cpio.ts";
import { chooseKernel } from "../../src/kernel/kernel-catalogue.ts";
import type { MachineSpec } from "../../src/machine/machine.ts";
import { testCache } from "./cache.ts";

/**
 * A machine whose first process is a shell script of busybox instead of the agent, for guests that
 * don't do what they should. `port` in the script is the device of the agent's channel; `programs` are
 * there beside busybox.
 */
export async function madeGuest(
  runFolder: string,
  script: string,
  programs: readonly { path: string; content: Buffer }[] = [],
): Promise<MachineSpec> {
  const kernel = await chooseKernel(join(testCache, "data"), "hyper");
  const initramfs = join(runFolder, "initramfs");
  await writeFile(
    initramfs,
    cpioArchive([
      ...["dev", "proc", "sys", "bin"].map((path) => ({
        kind: "folder" as const,
        path,
        mode: 0o755,
      })),
      { kind: "character-device", path: "dev/console", mode: 0o600, major: 5, minor: 1 },
      { kind: "file", path: "bin/busybox", mode: 0o755, content: await staticBusybox() },
      ...programs.map((program) => ({ kind: "file" as const, mode: 0o755, ...program })),
      { kind: "file", path: "init", mode: 0o755, content: Buffer.from(prelude + script) },
    ]),
  );
  return {
    id: "made-guest",
    kernel: { path: kernel.path, initramfs, discovery: kernel.discovery },
    accelerator: "tcg",
    cpus: 1,
    memoryMiB: 128,
    disks: [],
    nics: [],
    runFolder,
  };
}

/** The host's busybox, which is linked statically and is what it is called. */
export async function staticBusybox(): Promise<Buffer> {
  const { stdout } = await promisify(execFile)("sh", ["-c", "command -v busybox"]);
  return readFile(stdout.trim());
}

const prelude = `#!/bin/busybox sh
busybox mount -t sysfs sysfs /sys
busybox mount -t devtmpfs devtmpfs /dev
port=/dev/vport0p1
while [ ! -e $port ]; do port=$(echo /dev/vport*); done
`;

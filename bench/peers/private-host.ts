import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { DvmError, ignore } from "../../src/base/errors.ts";
import { descendants } from "../measure/process-tree.ts";

/** Cgroup that all containers of peers are in. */
export const peersCgroup = "/dvm-bench";
/** podman's monitors are put there. */
const cgroupNames = ["dvm-bench", "libpod_parent"];
const cgroupRoot = "/sys/fs/cgroup";
const startDeadlineMs = 10_000;

/**
 * Its first process takes the orphans, as an init does. Where version 2 of cgroups lies beside version 1,
 * crun refuses both: there, nothing but version 1 is left. What tools note below /run and /var/lib/cni
 * goes with the namespace.
 */
const script = `
ip link set lo up || exit
umount ${cgroupRoot}/unified 2>/dev/null
mount -t tmpfs none /run || exit
[ ! -d /var/lib/cni ] || mount -t tmpfs none /var/lib/cni || exit
echo ready
while :; do sleep 1000 & wait; done
`;

/**
 * Namespaces (network, mounts, processes) in which peers work, so that their bridges, rules and mounts
 * touch nothing of this host. All in it ends with it, and it ends with this process.
 */
export class PrivateHost implements AsyncDisposable {
  readonly #holder: ChildProcess;
  readonly #init: number;

  private constructor(holder: ChildProcess, init: number) {
    this.#holder = holder;
    this.#init = init;
  }

  static async start(): Promise<PrivateHost> {
    const [program = "", ...words] = [
      ...["setpriv", "--pdeathsig", "KILL"],
      ...["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"],
      ...["sh", "-c", script],
    ];
    const holder = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
    const signal = AbortSignal.timeout(startDeadlineMs);
    const complaint = text(holder.stderr);
    const lines = createInterface({ input: holder.stdout });
    await Promise.race([
      once(lines, "line", { signal }),
      once(holder, "exit", { signal }).then(async () => {
        throw new DvmError("unavailable", `cannot make namespaces: ${(await complaint).trim()}`);
      }),
    ]);
    // setpriv became unshare, whose one child is the first process inside
    const [init = 0] = await descendants([holder.pid ?? 0]);
    return new PrivateHost(holder, init);
  }

  /** The words that run a program in all of these namespaces; its current folder is `/`. */
  inside(words: readonly string[]): string[] {
    return ["nsenter", "--target", String(this.#init), "--net", "--mount", "--pid", ...words];
  }

  /** The words that run a program on this host but with the network of the private one. */
  besideNetwork(words: readonly string[]): string[] {
    return ["nsenter", "--target", String(this.#init), "--net", ...words];
  }

  /** Ids, as this host sees them, of what containers' monitors and their like left to the first process. */
  orphans(): Promise<number[]> {
    return descendants([this.#init]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#holder, "close");
    this.#holder.kill("SIGKILL");
    await ended;
    for (const hierarchy of ["", ...(await readdir(cgroupRoot))])
      for (const name of cgroupNames) await removeCgroup(join(cgroupRoot, hierarchy, name));
  }
}

/** Removes a cgroup and those below it, as far as nothing is in them. */
async function removeCgroup(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries)
    if (entry.isDirectory()) await removeCgroup(join(folder, entry.name));
  if (entries.length > 0) await ignore("EBUSY", () => rmdir(folder));
}

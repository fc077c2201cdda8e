import { lookup } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { describeError, DvmError } from "../base/errors.ts";
import { runTool } from "../host/run-tool.ts";
import type { VolumeOptions } from "./disk-options.ts";

/** Words that say what is so anyway, and reach no file system. */
const clearedFlags = new Set([
  ...["rw", "suid", "dev", "exec", "async", "atime", "diratime", "defaults", "loud", "nomand"],
  ...["norelatime", "nostrictatime"],
]);
/** Words of mount(8) that are flags, with their bits (linux/mount.h). */
const flagBits: Readonly<Record<string, number>> = {
  ...{ ro: 1, nosuid: 2, nodev: 4, noexec: 8, sync: 16, remount: 32, mand: 64, dirsync: 128 },
  ...{ noatime: 1024, nodiratime: 2048, bind: 4096, rbind: 20_480, relatime: 1 << 21 },
  strictatime: 1 << 24,
};
/** What mount(8) says, and what the kernel said to it. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/Not a directory/, "not a directory"],
  [/does not exist|No such file or directory/, "no such file or directory"],
  [/unknown filesystem type|No such device/, "no such device"],
  [/must be superuser|permission denied|Operation not permitted/, "operation not permitted"],
  [/wrong fs type|bad option|Invalid argument/, "invalid argument"],
  [/block device required|not a block device/, "block device required"],
  [/Connection refused/, "connection refused"],
  [/timed out/, "connection timed out"],
];

/** What is mounted on folders of volumes, one after the other: two who want the same mount it once. */
export class VolumeMounts {
  #last: Promise<void> = Promise.resolve();

  /** Mounts what a volume is of on its folder, if that isn't done yet. */
  mount(folder: string, options: VolumeOptions): Promise<void> {
    return this.#next(() => mountVolume(folder, options));
  }

  /** Takes it away again, if `isUnused` still; who has it open keeps it until they are through. */
  unmount(folder: string, isUnused: () => boolean): Promise<void> {
    return this.#next(async () => {
      if (isUnused()) await unmountVolume(folder);
    });
  }

  #next(action: () => Promise<void>): Promise<void> {
    const done = this.#last.then(action);
    this.#last = done.catch(() => {});
    return done;
  }
}

async function mountVolume(folder: string, options: VolumeOptions): Promise<void> {
  if (await isMounted(folder)) return;
  const { type = "", device = "" } = options;
  const o = await withAddress(folder, type, options["o"] ?? "");
  const words = ["-t", type === "" ? "none" : type, ...(o === "" ? [] : ["-o", o])];
  try {
    await runTool("mount", [...words, device, folder], { purpose: "mount a volume" });
  } catch (cause) {
    throw new DvmError(
      "unclassified",
      `error while mounting volume '${folder}': failed to mount local volume: ${failure({ type, device, folder, o }, cause)}`,
    );
  }
}

/** The kernel's clients of networks want an address where `addr` names a host. */
async function withAddress(folder: string, type: string, o: string): Promise<string> {
  const host = /(?:^|,)addr=([^,]+)/.exec(o)?.[1];
  if (!["nfs", "cifs"].includes(type) || host === undefined || isIP(host) !== 0) return o;
  try {
    const { address } = await lookup(host);
    return o.replace(`addr=${host}`, `addr=${address}`);
  } catch (cause) {
    throw new DvmError(
      "unclassified",
      `error while mounting volume '${folder}': error resolving passed in network volume address: lookup ${host}: no such host`,
      { cause },
    );
  }
}

async function unmountVolume(folder: string): Promise<void> {
  if (!(await isMounted(folder))) return;
  await runTool("umount", ["--lazy", folder], { purpose: `unmount the volume ${folder}` });
}

async function isMounted(folder: string): Promise<boolean> {
  const table = await readFile("/proc/self/mountinfo", "utf8");
  return table.split("\n").some((line) => unescapePath(line.split(" ")[4] ?? "") === folder);
}

/** The table writes blanks and their like as octal numbers. */
function unescapePath(path: string): string {
  return path.replace(/\\(\d{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** As moby/sys/mount words it. */
function failure(
  { type, device, folder, o }: Record<"type" | "device" | "folder" | "o", string>,
  cause: unknown,
) {
  const words = o.split(",").filter((word) => word !== "");
  const flags = words.reduce((bits, word) => bits | (flagBits[word] ?? 0), 0);
  const data = words
    .filter((word) => flagBits[word] === undefined && !clearedFlags.has(word))
    .join(",");
  const said = describeError(cause);
  // `none` is no kind of file system that the kernel has; mount(8) looks at the device first
  const isNoKind = type === "none" && !words.some((word) => /^r?bind$/.test(word));
  const reason =
    (isNoKind ? "no such device" : undefined) ??
    reasons.find(([pattern]) => pattern.test(said))?.[1] ??
    said.trim().split("\n").at(-1);
  return [
    `mount ${device}:${folder}`,
    ...(flags === 0 ? [] : [`flags: 0x${flags.toString(16)}`]),
    ...(data === "" ? [] : [`data: ${data.replace(/(password=)[^,]*/, "$1********")}`]),
  ]
    .join(", ")
    .concat(`: ${reason}`);
}

import { DvmError } from "../../base/errors.ts";

/** Words of mount(8) that docker takes for a tmpfs (moby/sys/mount). */
const words = new Set([
  ...["defaults", "ro", "rw", "suid", "nosuid", "dev", "nodev", "exec", "noexec", "sync", "async"],
  ...["dirsync", "remount", "mand", "nomand", "atime", "noatime", "diratime", "nodiratime", "bind"],
  ...["rbind", "unbindable", "runbindable", "private", "rprivate", "shared", "rshared", "slave"],
  ...["rslave", "relatime", "norelatime", "strictatime", "nostrictatime"],
]);
const settings = new Set(["size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "mpol"]);

/** Refuses a word that docker knows nothing of; what a setting is worth the kernel tells. */
export function checkTmpfsOptions(options: string): void {
  for (const option of options === "" ? [] : options.split(",")) {
    const [name = "", ...value] = option.split("=");
    if (words.has(option) || (value.length > 0 && settings.has(name))) continue;
    const parts = value.length === 0 ? [name] : [name, value.join("=")];
    const shown = parts.map((part) => JSON.stringify(part)).join(" ");
    throw new DvmError("unclassified", `invalid tmpfs option [${shown}]`);
  }
}

import { DvmError } from "../../base/errors.ts";

/** Those of an IPC namespace; all of net and fs.mqueue are a namespace's, too. */
const ofIpc = [
  ...["kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall"],
  ...["kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"],
];

/** Refuses what isn't a container's own on a host, in the words of its runtime (runc's validator). */
export function checkSysctls(sysctls: Readonly<Record<string, string>>): void {
  for (const given of Object.keys(sysctls)) {
    const name = given.replaceAll("/", ".");
    const shown = JSON.stringify(name);
    if (ofIpc.includes(name) || name.startsWith("fs.mqueue.") || name === "kernel.domainname")
      continue;
    if (name === "kernel.hostname")
      throw refused(`sysctl ${shown} is not allowed as it conflicts with the OCI "hostname" field`);
    if (!name.startsWith("net."))
      throw refused(`sysctl ${shown} is not in a separate kernel namespace`);
  }
}

function refused(words: string): DvmError {
  return new DvmError("unclassified", words);
}

import { DvmError } from "../../base/errors.ts";

/** Linux capabilities by number (linux/capability.h). */
const names = [
  "CHOWN",
  "DAC_OVERRIDE",
  "DAC_READ_SEARCH",
  "FOWNER",
  "FSETID",
  "KILL",
  "SETGID",
  "SETUID",
  "SETPCAP",
  "LINUX_IMMUTABLE",
  "NET_BIND_SERVICE",
  "NET_BROADCAST",
  "NET_ADMIN",
  "NET_RAW",
  "IPC_LOCK",
  "IPC_OWNER",
  "SYS_MODULE",
  "SYS_RAWIO",
  "SYS_CHROOT",
  "SYS_PTRACE",
  "SYS_PACCT",
  "SYS_ADMIN",
  "SYS_BOOT",
  "SYS_NICE",
  "SYS_RESOURCE",
  "SYS_TIME",
  "SYS_TTY_CONFIG",
  "MKNOD",
  "LEASE",
  "AUDIT_WRITE",
  "AUDIT_CONTROL",
  "SETFCAP",
  "MAC_OVERRIDE",
  "MAC_ADMIN",
  "SYSLOG",
  "WAKE_ALARM",
  "BLOCK_SUSPEND",
  "AUDIT_READ",
  "PERFMON",
  "BPF",
  "CHECKPOINT_RESTORE",
] as const;

/** Docker's default set. */
const defaults = [
  "CHOWN",
  "DAC_OVERRIDE",
  "FSETID",
  "FOWNER",
  "MKNOD",
  "NET_RAW",
  "SETGID",
  "SETUID",
  "SETFCAP",
  "SETPCAP",
  "NET_BIND_SERVICE",
  "SYS_CHROOT",
  "KILL",
  "AUDIT_WRITE",
];

const everything = (1n << BigInt(names.length)) - 1n;

interface CapabilityRequest {
  add: readonly string[];
  drop: readonly string[];
  privileged: boolean;
}

/** The bit mask that Docker's rules give: `--cap-add`, `--cap-drop` (ALL too), `--privileged`. */
export function capabilityMask({ add, drop, privileged }: CapabilityRequest): bigint {
  if (privileged) return everything;
  const added = maskOf("CapAdd", add);
  if (hasAll(drop)) return added;
  const base = hasAll(add) ? everything : maskOf("CapAdd", defaults) | added;
  return base & ~maskOf("CapDrop", drop);
}

/** Those of a mask, as `CAP_CHOWN`. */
export function capabilityNames(mask: bigint): Set<string> {
  return new Set(
    names
      .filter((_, number) => ((mask >> BigInt(number)) & 1n) === 1n)
      .map((name) => `CAP_${name}`),
  );
}

function hasAll(list: readonly string[]): boolean {
  return list.some((name) => name.toUpperCase() === "ALL");
}

function maskOf(field: string, list: readonly string[]): bigint {
  let mask = 0n;
  for (const given of list) {
    const name = given.toUpperCase().replace(/^CAP_/, "");
    if (name === "ALL") continue;
    const index = names.findIndex((known) => known === name);
    if (index < 0)
      throw new DvmError("invalid", `invalid ${field}: unknown capability: "CAP_${name}"`);
    mask |= 1n << BigInt(index);
  }
  return mask;
}

import { constants } from "node:os";
import { getSystemErrorName } from "node:util";
import type { KnownFeatures } from "./known-features.ts";
import type { KernelNeed, KernelNeeds, Refusal } from "./kernel-need.ts";
import { useRules, type KernelUse, type UseRule } from "./use-rules.ts";

const { EACCES, EAFNOSUPPORT, ENODEV, ENOPROTOOPT, ENOSYS, EPERM } = constants.errno;
const { EPROTONOSUPPORT, EOPNOTSUPP, ENOEXEC } = constants.errno;
/** Errors that say: this kernel has no such thing. */
const missing = new Set([ENOSYS, EAFNOSUPPORT, ENODEV, ENOPROTOOPT, EPROTONOSUPPORT, EOPNOTSUPP]);
/** Errors of calls that say: not for you. */
const denied = new Set([EPERM, EACCES, ENOSYS]);

/**
 * What uses that a trial recorded ask of a kernel. One that worked is a need; one that didn't is
 * told, and not needed: the program had to do without it.
 */
export function judgeUses(uses: readonly KernelUse[], features: KnownFeatures): KernelNeeds {
  const needs: KernelNeed[] = [];
  const refused: Refusal[] = [];
  for (const use of uses) {
    const rule = useRules.find((one) => one.matches(use));
    const option = rule && `CONFIG_${rule.option}`;
    const feature = option && features.of(option);
    if (rule !== undefined && feature !== undefined && worked(use))
      needs.push({ feature, option, reason: rule.what, source: "trial" });
    else if (wasRefused(use, rule))
      refused.push({
        what: rule?.what ?? describeUse(use),
        error: errorName(use.error),
        feature,
      });
  }
  return { needs, refused };
}

/** A call may fail for reasons of its own and still be there: only such errors say that it isn't. */
function worked({ kind, error }: KernelUse): boolean {
  return error === 0 || (kind === "call" && !denied.has(error));
}

function wasRefused(use: KernelUse, rule: UseRule | undefined): boolean {
  if (use.error === 0) return false;
  if (use.kind === "exec") return use.error === ENOEXEC;
  if (rule !== undefined) return true;
  return missing.has(use.error) && use.kind !== "prctl" && use.kind !== "open";
}

function errorName(error: number): string {
  try {
    return getSystemErrorName(-error);
  } catch {
    return `error ${error}`;
  }
}

/** Calls that no kernel of ours has, and programs try. */
const callNames: Record<number, string> = {
  134: "uselib",
  154: "modify_ldt",
  163: "acct",
  172: "iopl",
  173: "ioperm",
  175: "init_module",
  237: "mbind",
  238: "set_mempolicy",
  239: "get_mempolicy",
  246: "kexec_load",
  256: "migrate_pages",
  279: "move_pages",
  313: "finit_module",
  444: "landlock_create_ruleset",
  447: "memfd_secret",
};

function describeUse({ kind, numbers, name }: KernelUse): string {
  const [first = 0, second = 0, third = 0] = numbers;
  switch (kind) {
    case "call":
      return `system call ${callNames[first] ?? first}`;
    case "socket":
      return `a socket of family ${first}, type ${second}, protocol ${third}`;
    case "sockopt":
      return `socket option ${second} of level ${first}${name === "" ? "" : ` (${name})`}`;
    case "mount":
      return `a mount of type ${name}`;
    case "exec":
      return `${name}, a program of another architecture or a script without #!`;
    case "open":
      return name;
    case "namespace":
    case "prctl":
    case "seccomp":
    case "fcntl":
    case "madvise":
    case "map":
    case "netlink":
      return `${kind} ${first}`;
  }
}

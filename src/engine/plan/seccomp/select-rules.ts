import { DvmError } from "../../../base/errors.ts";
import type { Profile, ProfileArgument, ProfileCall, RuleFilter } from "./profile.ts";
import {
  type Condition,
  notPermitted,
  type Operator,
  type Rule,
  type Rules,
  type Verdict,
  verdicts,
} from "./rules.ts";
import type { Architecture } from "./system-call-numbers.ts";

/** What a profile's rules may depend on. */
export interface Circumstances {
  /** As `CAP_CHOWN`. */
  capabilities: ReadonlySet<string>;
  /** Of the kernel, as `6.1.0-56-amd64`. */
  kernelRelease: string;
}

const architectures: Readonly<Record<string, Architecture | undefined>> = {
  SCMP_ARCH_X86_64: "x86_64",
  SCMP_ARCH_X86: "x86",
  SCMP_ARCH_X32: "x32",
};
/** Architectures of other machines: their names are right, and say nothing to this one. */
const others =
  /^SCMP_ARCH_(?:ARM|AARCH64|MIPS(?:EL)?(?:64(?:N32)?)?|PPC(?:64(?:LE)?)?|S390X?|RISCV64|LOONGARCH64|PARISC(?:64)?|M68K|SH(?:EB)?)$/;
const flagBits: Readonly<Record<string, number | undefined>> = {
  SECCOMP_FILTER_FLAG_TSYNC: 1,
  SECCOMP_FILTER_FLAG_LOG: 2,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 4,
};
const speculationAllowed = 4;
const highest = 2n ** 64n - 1n;
/** As Docker's profiles call this machine. */
const thisMachine = "amd64";

/** The rules of a profile that hold here; undefined: it says nothing at all, which is none. */
export function selectRules(profile: Profile, here: Circumstances): Rules | undefined {
  if (profile.defaultAction === "" && profile.syscalls.length === 0) return undefined;
  if (profile.architectures.length > 0 && profile.archMap.length > 0)
    throw refused(
      "both 'architectures' and 'archMap' are specified in the seccomp profile, use either 'architectures' or 'archMap'",
    );
  for (const { name, names } of profile.syscalls)
    if (name !== "" && names.length > 0)
      throw refused(
        "both 'name' and 'names' are specified in the seccomp profile, use either 'name' or 'names'",
      );
  const calls = profile.syscalls.filter(
    ({ includes, excludes }) =>
      (includes == null || isIncluded(includes, here)) &&
      (excludes == null || !isExcluded(excludes, here)),
  );
  if (profile.defaultAction === "SCMP_ACT_NOTIFY")
    throw refused("SCMP_ACT_NOTIFY cannot be used as default action");
  return {
    flags: flagsOf(profile.flags),
    architectures: architecturesOf(profile),
    otherwise: verdictOf(profile.defaultAction, profile.defaultErrnoRet),
    rules: calls.map(ruleOf),
  };
}

function isIncluded({ caps, arches, minKernel }: RuleFilter, here: Circumstances): boolean {
  return (
    (arches.length === 0 || arches.includes(thisMachine)) &&
    caps.every((name) => here.capabilities.has(name)) &&
    (isNone(minKernel) || isAtLeast(here.kernelRelease, minKernel))
  );
}

function isExcluded({ caps, arches, minKernel }: RuleFilter, here: Circumstances): boolean {
  return (
    arches.includes(thisMachine) ||
    caps.some((name) => here.capabilities.has(name)) ||
    (!isNone(minKernel) && isAtLeast(here.kernelRelease, minKernel))
  );
}

function isNone(minKernel: string | null | undefined): minKernel is null | undefined | "" {
  return minKernel === undefined || minKernel === null || minKernel === "";
}

function isAtLeast(release: string, minimum: string): boolean {
  const [, kernel, major] = /^(\d{1,3})\.(\d{1,3})$/.exec(minimum) ?? [];
  if (kernel === undefined || major === undefined)
    throw refused(
      `Decoding seccomp profile failed: invalid kernel version: "${minimum}", expected "<kernel>.<major>"`,
    );
  const [, ownKernel = "0", ownMajor = "0"] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  const difference = Number(ownKernel) - Number(kernel);
  return difference > 0 || (difference === 0 && Number(ownMajor) >= Number(major));
}

function architecturesOf(profile: Profile): Architecture[] {
  const ofMachine = profile.archMap.find(({ architecture }) => architecture === "SCMP_ARCH_X86_64");
  const names =
    ofMachine === undefined
      ? profile.architectures
      : [ofMachine.architecture, ...ofMachine.subArchitectures];
  const wrong = names.find((name) => architectures[name] === undefined && !others.test(name));
  if (wrong !== undefined) throw refused(`string ${wrong} is not a valid arch for seccomp`);
  // the machine's own is always there
  return [...new Set(["SCMP_ARCH_X86_64", ...names].flatMap((name) => architectures[name] ?? []))];
}

/** Who says nothing of flags gets runc's: no slower processor for fear of speculation. */
function flagsOf(names: Profile["flags"]): number {
  if (names === undefined || names === null) return speculationAllowed;
  let flags = 0;
  for (const name of names) {
    const bit = flagBits[name];
    if (bit === undefined) throw refused(`seccomp flag ${JSON.stringify(name)} is not known`);
    flags |= bit;
  }
  return flags;
}

function ruleOf({ name, names, action, errnoRet, args }: ProfileCall): Rule {
  const called = name === "" ? names : [name];
  if (action === "SCMP_ACT_NOTIFY") throw refused("listenerPath is not set");
  const conditions = args.map((one) => conditionOf(one, called[0] ?? ""));
  return { names: called, verdict: verdictOf(action, errnoRet), conditions };
}

function verdictOf(action: string, errnoRet: number | undefined): Verdict {
  switch (action) {
    case "SCMP_ACT_KILL":
    case "SCMP_ACT_KILL_THREAD":
      return verdicts.killThread;
    case "SCMP_ACT_KILL_PROCESS":
      return verdicts.killProcess;
    case "SCMP_ACT_TRAP":
      return verdicts.trap;
    case "SCMP_ACT_ERRNO":
      return verdicts.errno | checkErrno(errnoRet ?? notPermitted);
    case "SCMP_ACT_TRACE":
      return verdicts.trace | checkErrno(errnoRet ?? notPermitted);
    case "SCMP_ACT_LOG":
      return verdicts.log;
    case "SCMP_ACT_ALLOW":
      return verdicts.allow;
    default:
      throw refused(`string ${action} is not a valid action for seccomp`);
  }
}

function checkErrno(value: number): number {
  if (value > 0xffff) throw refused("error creating filter: could not create filter");
  return value;
}

function conditionOf({ index, op, value, valueTwo }: ProfileArgument, call: string): Condition {
  const operator = /^SCMP_CMP_(NE|LT|LE|EQ|GE|GT|MASKED_EQ)$/.exec(op)?.[1];
  if (!isOperator(operator)) throw refused(`string ${op} is not a valid operator for seccomp`);
  if (index > 5)
    throw refused(
      `error creating seccomp syscall condition for syscall ${call}: syscalls only have up to 6 arguments (${index} given)`,
    );
  return { argument: index, operator, value: whole(value), masked: whole(valueTwo) };
}

/** JavaScript rounds the highest ones up to what no argument holds. */
function whole(value: number): bigint {
  const rounded = BigInt(Math.trunc(value));
  return rounded > highest ? highest : rounded;
}

function isOperator(word: string | undefined): word is Operator {
  return word !== undefined;
}

function refused(why: string): DvmError {
  return new DvmError("unclassified", why);
}

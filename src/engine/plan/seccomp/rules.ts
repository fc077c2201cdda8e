import type { Architecture } from "./system-call-numbers.ts";

/** A comparison of the OCI runtime specification (`LinuxSeccompArg`), and one that it lacks. */
export type Operator = "NE" | "LT" | "LE" | "EQ" | "GE" | "GT" | "MASKED_EQ" | "MASKED_NE";

/** Of one argument of a system call, as a number of 64 bits. */
export interface Condition {
  /** 0 to 5. */
  argument: number;
  operator: Operator;
  value: bigint;
  /** Of `MASKED_…`, whose `value` is the mask: what the rest must equal, or not. */
  masked: bigint;
}

/** What the kernel does (linux/seccomp.h, `SECCOMP_RET_*`), with its data in the low 16 bits. */
export type Verdict = number;

export interface Rule {
  names: readonly string[];
  verdict: Verdict;
  /** All of them hold; none: always. */
  conditions: readonly Condition[];
}

/** Which system calls a container's processes may do. */
export interface Rules {
  architectures: readonly Architecture[];
  /** Of what no rule names. */
  otherwise: Verdict;
  /** The first rule that fits counts, those without conditions before those that have some. */
  rules: readonly Rule[];
  /** Such as are judged before all of them. */
  guards?: readonly Rule[];
  /** Of seccomp(2), `SECCOMP_FILTER_FLAG_*`. */
  flags: number;
}

export const verdicts = {
  killProcess: 0x8000_0000,
  killThread: 0,
  trap: 0x0003_0000,
  errno: 0x0005_0000,
  trace: 0x7ff0_0000,
  log: 0x7ffc_0000,
  allow: 0x7fff_0000,
} as const;

/** The part of a verdict that is no data. */
export const verdictMask = 0xffff_0000;

export const notPermitted = 1;
export const notImplemented = 38;

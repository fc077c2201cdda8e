import type { DeviceRule } from "../../agent/agent-client.ts";
import { DvmError } from "../../base/errors.ts";

/** Docker's own: nodes of all may be made, and these be opened. */
export const defaultDeviceRules: readonly DeviceRule[] = [
  { kind: "c", major: undefined, minor: undefined, access: "m" },
  { kind: "b", major: undefined, minor: undefined, access: "m" },
  ...[3, 5, 7, 8, 9].map((minor) => character(1, minor)), // null, zero, full, random, urandom
  character(5, 0), // tty
  character(5, 1), // console
  character(5, 2), // ptmx
  character(136, undefined), // pts
];

function character(major: number, minor: number | undefined): DeviceRule {
  return { kind: "c", major, minor, access: "rwm" };
}

/** Reads a rule of Docker's `DeviceCgroupRules`, as `c 10:* rwm`. */
export function parseDeviceRule(text: string): DeviceRule {
  const [, kind, major, minor, access] =
    /^([acb]) (\d+|\*):(\d+|\*) ([rwm]{1,3})$/.exec(text) ?? [];
  if (kind === undefined || access === undefined)
    throw new DvmError("unclassified", `invalid device cgroup rule format: '${text}'`);
  return {
    kind: kind === "a" || kind === "b" ? kind : "c",
    major: numberOf(major),
    minor: numberOf(minor),
    access,
  };
}

function numberOf(word = "*"): number | undefined {
  return word === "*" ? undefined : Number(word);
}

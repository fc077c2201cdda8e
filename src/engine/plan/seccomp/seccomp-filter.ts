import type { DeviceRule, SystemCallFilter } from "../../../agent/agent-client.ts";
import { compileFilter } from "./compile-filter.ts";
import { defaultProfile } from "./default-profile.ts";
import { guardNodes } from "./guard-nodes.ts";
import { parseProfile } from "./profile.ts";
import { type Circumstances, selectRules } from "./select-rules.ts";

/** Docker's own profile, by its name. */
const builtin = "builtin";
const unconfined = "unconfined";

interface Wanted extends Circumstances {
  /** Of `--security-opt seccomp=`: a name, or a profile in JSON; empty: what every container has. */
  seccomp: string;
  privileged: boolean;
  /** Devices that may be opened, where the kernel can't see to that itself. */
  guardedBy: readonly DeviceRule[] | undefined;
}

/** What a container's processes may call, for its kernel; undefined: everything. Pure. */
export function seccompFilter(wanted: Wanted): SystemCallFilter | undefined {
  const { seccomp, privileged, guardedBy } = wanted;
  if (seccomp === unconfined || (privileged && (seccomp === "" || seccomp === builtin)))
    return undefined;
  const isOwn = seccomp !== "" && seccomp !== builtin;
  const rules = selectRules(isOwn ? parseProfile(seccomp) : defaultProfile, wanted);
  if (rules === undefined) return undefined;
  const guards = guardedBy === undefined ? [] : guardNodes(guardedBy);
  return { program: compileFilter({ ...rules, guards }), flags: rules.flags, required: isOwn };
}

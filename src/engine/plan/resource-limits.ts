import { DvmError } from "../../base/errors.ts";

/** Numbers of Linux resource limits (asm-generic/resource.h), by docker's `--ulimit` names. */
const resources: Record<string, number> = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  rss: 5,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  locks: 10,
  sigpending: 11,
  msgqueue: 12,
  nice: 13,
  rtprio: 14,
  rttime: 15,
};

const unlimited = 0xffff_ffff_ffff_ffffn;

export interface ResourceLimit {
  resource: number;
  soft: bigint;
  hard: bigint;
}

/** What setrlimit(2) is to be given for limits by name; -1 means unlimited. */
export function resourceLimits(
  limits: readonly { name: string; soft: number; hard: number }[],
): ResourceLimit[] {
  return limits.map(({ name, ...values }) => {
    const resource = resources[name.toLowerCase()];
    if (resource === undefined)
      throw new DvmError("unclassified", `wrong rlimit value: RLIMIT_${name.toUpperCase()}`);
    const soft = limit(values.soft);
    const hard = limit(values.hard);
    if (soft > hard) {
      throw new DvmError(
        "unclassified",
        `ulimit soft limit must be less than or equal to hard limit: ${values.soft} > ${values.hard}`,
      );
    }
    return { resource, soft, hard };
  });
}

function limit(value: number): bigint {
  return value < 0 ? unlimited : BigInt(value);
}

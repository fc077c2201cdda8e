import { DvmError } from "../../base/errors.ts";

const flag = /^(?:no-new-privileges|writable-cgroups)(?:[:=](.*))?$/s;
/** As Go's strconv reads them. */
const truths = ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"];
/** What they say is looked at where a container starts, if there is something that asks for it. */
const named = /^(?:seccomp|apparmor|label)[:=]/;

/**
 * Checks Docker's `SecurityOpt`. Labels and profiles of AppArmor do nothing, as with a dockerd on a
 * host without SELinux and AppArmor: a machine has neither.
 */
export function checkSecurityOptions(options: readonly string[]): void {
  for (const option of options) {
    const value = flag.exec(option);
    if (value !== null && (value[1] === undefined || truths.includes(value[1]))) continue;
    if (named.test(option)) continue;
    const kind = /[:=]/.test(option) ? 2 : 1;
    throw new DvmError("unclassified", `invalid --security-opt ${kind}: ${JSON.stringify(option)}`);
  }
}

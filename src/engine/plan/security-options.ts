import { DvmError } from "../../base/errors.ts";

const known =
  /^no-new-privileges([:=](true|false))?$|^(seccomp|apparmor)[:=]unconfined$|^label[:=]disable$/;
/** What docker understands, besides. */
const dockersOwn = /^(seccomp|apparmor|label|systempaths)[:=]|^writable-cgroups([:=]|$)/;

/** Checks Docker's `SecurityOpt`; what DVM can't do is refused, not ignored. */
export function checkSecurityOptions(options: readonly string[]): void {
  const unknown = options.find((option) => !known.test(option));
  if (unknown === undefined) return;
  if (dockersOwn.test(unknown))
    throw new DvmError(
      "unsupported",
      `cannot use --security-opt ${unknown}: DVM has no such option`,
    );
  const kind = /[:=]/.test(unknown) ? 2 : 1;
  throw new DvmError("unclassified", `invalid --security-opt ${kind}: ${JSON.stringify(unknown)}`);
}

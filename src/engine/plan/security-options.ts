import { DvmError } from "../../base/errors.ts";

const known =
  /^no-new-privileges([:=](true|false))?$|^(seccomp|apparmor)[:=]unconfined$|^label[:=]disable$/;

/** Checks Docker's `SecurityOpt`; what DVM can't do is refused, not ignored. */
export function checkSecurityOptions(options: readonly string[]): void {
  const unknown = options.find((option) => !known.test(option));
  if (unknown === undefined) return;
  throw new DvmError("unsupported", `cannot use --security-opt ${unknown}: DVM has no such option`);
}

import { DvmError, type ErrorCode } from "../../base/errors.ts";
import { type Mount, otherStartFailure } from "../records.ts";
import { endsAtNoFolder, withAdvice } from "./not-a-folder.ts";

/** What Docker says before the reasons of its runtime. */
const runtime =
  "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: ";
const process = "unable to start container process: ";

/** What the runtime finds wrong before anything runs, ... */
const runtimesOwn =
  /^(?:sysctl "[^"]*" is not |string .* is not a valid \w+ for seccomp$|seccomp flag |device access at )/s;
/** ... when it makes the process, ... */
const processes =
  /^(?:SCMP_ACT_NOTIFY cannot |listenerPath is not set|error creating (?:seccomp|filter)|error loading seccomp )/;
/** ... and when that mounts. */
const mountings = /^error mounting |cannot be mounted because it is (?:inside|not of type) /;

/** Why a container's process could not be started: its exit code, and the error as clients hear it. */
export interface StartFailure {
  exitCode: number;
  told: unknown;
}

/** By Docker's words and codes: 127 not found, 126 not executable, and 500 for what isn't the program's. */
export function startFailure(error: unknown, mounts: readonly Mount[] = []): StartFailure {
  if (!(error instanceof DvmError)) return { exitCode: otherStartFailure, told: error };
  const words = wordsOf({ code: error.code, message: mountWords(error.message, mounts) });
  const isNoFolder = words.startsWith(runtime) && endsAtNoFolder(words);
  const exitCode = isNoFolder ? 127 : exitCodeOf(error.code);
  const message = isNoFolder ? withAdvice(words) : words;
  const { cause, hint } = error;
  const told = new DvmError(isOwnFault(message) ? "unavailable" : error.code, message, {
    ...(cause === undefined ? {} : { cause }),
    ...(hint === undefined ? {} : { hint }),
  });
  return { exitCode, told };
}

/** The guest knows where, runc says what, too. */
function mountWords(message: string, mounts: readonly Mount[]): string {
  const [, target, why] = /^cannot mount on (\/.*?): (not a directory: .*)$/s.exec(message) ?? [];
  const mount = mounts.find((one) => one.target === target);
  if (mount?.kind !== "bind" || target === undefined) return message;
  const { source } = mount;
  return `error mounting "${source}" to rootfs at "${target}": mount ${source}:${target} (via /proc/self/fd/7), flags: 0x5000: ${why}`;
}

/** A user that the image doesn't have Docker takes for a fault of its own. */
function isOwnFault(message: string): boolean {
  return /^(unable to find (user|group) |uids and gids must be in range )/.test(message);
}

function exitCodeOf(code: ErrorCode): number {
  if (code === "command-not-found") return 127;
  if (code === "command-not-executable") return 126;
  return otherStartFailure;
}

function wordsOf({ code, message }: Pick<DvmError, "code" | "message">): string {
  if (exitCodeOf(code) !== otherStartFailure) return `${runtime}${process}${message}`;
  if (runtimesOwn.test(message)) return runtime + message;
  if (processes.test(message)) return `${runtime}${process}${message}`;
  if (mountings.test(message)) return `${runtime}${process}error during container init: ${message}`;
  const limit = /^cannot set resource limit (\d+): (.*)$/.exec(message);
  if (limit === null) return message;
  return `${runtime}${process}error during container init: error setting rlimits for ready process: error setting rlimit type ${limit[1]}: ${limit[2]}`;
}

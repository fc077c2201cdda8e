/** What went wrong, as a class that callers may switch on; texts may change, codes may not. */
export type ErrorCode =
  | "invalid" // the caller's input is wrong
  | "not-found"
  | "conflict" // the thing is in a state that forbids this, or the name is taken
  | "forbidden" // a rule that somebody set forbids this: a policy of this host, a read-only root
  | "not-modified" // it is so already
  | "unsupported" // DVM does not do this, and says so
  | "unauthorized" // a registry wants to know who asks, or refuses who does
  | "unclassified" // the caller's input is wrong, where Docker's daemon takes the fault for its own
  | "unavailable" // something on this host is missing or refuses
  | "switched-off" // a part of Docker that this engine does not have switched on, such as swarm
  | "no-space"
  | "deadline"
  | "damaged" // stored or received data fails its check
  | "command-not-found" // the container's command is not in the image
  | "command-not-executable"
  | "internal";

/** The one error class. `message` reads *cannot ‹do› ‹what›: ‹fact›*; `hint` says what to do. */
export class DvmError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "DvmError";
    this.code = code;
    this.hint = options.hint;
  }
}

/** The system's error name of `error` (`ENOENT`, …), else undefined. */
export function systemErrorCode(error: unknown): string | undefined {
  if (error instanceof Error && "code" in error && typeof error.code === "string")
    return error.code;
  return undefined;
}

/** Runs `action`; a system error named `code` counts as "nothing to do". */
export async function ignore<T>(code: string, action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (systemErrorCode(error) === code) return undefined;
    throw error;
  }
}

/** Text of any thrown value, with its causes, for a person. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `: ${describeError(error.cause)}`;
  return `${error.message}${cause}`;
}

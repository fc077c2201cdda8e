import { DvmError, type ErrorCode } from "../../base/errors.ts";

/** As {@link saidWhy}; what Docker takes for its own fault then, whatever it is. */
export async function failedBy<T>(words: string, action: () => Promise<T>): Promise<T> {
  try {
    return await saidWhy(words, action);
  } catch (error) {
    if (!(error instanceof DvmError) || !clientsFaults.has(error.code)) throw error;
    const { message, cause } = error;
    throw new DvmError("unavailable", message, cause === undefined ? {} : { cause });
  }
}

const clientsFaults = new Set<ErrorCode>([
  ...(["invalid", "not-found", "conflict"] as const),
  ...(["command-not-found", "command-not-executable"] as const),
]);

/** Runs `action`; an error of its says first what could not be done. */
export async function saidWhy<T>(words: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof DvmError) || error.code === "not-modified") throw error;
    const { code, message, hint } = error;
    throw new DvmError(code, `${words}: ${message}`, {
      ...(error.cause === undefined ? {} : { cause: error.cause }),
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

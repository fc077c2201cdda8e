import { DvmError } from "../../base/errors.ts";

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

import { setTimeout as delay } from "node:timers/promises";
import { DvmError } from "../../base/errors.ts";

export interface RetryOptions {
  /** Waited before the second try; doubled for each further one. */
  firstDelayMs: number;
  attempts: number;
  signal?: AbortSignal | undefined;
  /** Told before each further try. */
  onRetry?: ((error: DvmError, seconds: number) => void) | undefined;
}

export const maximumDelayMs = 30_000;

/** Runs `action` again, later and later, while it fails in a way that may pass. */
export async function withRetries<T>(options: RetryOptions, action: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await action();
    } catch (error) {
      if (!mayPass(error) || attempt >= options.attempts) throw error;
      await waitBeforeRetry(options, attempt, error);
    }
  }
}

/** Waits for the `attempt`-th failure, with jitter, so that many clients don't come back at once. */
export async function waitBeforeRetry(
  { firstDelayMs, signal, onRetry }: RetryOptions,
  attempt: number,
  error: DvmError,
): Promise<void> {
  const most = Math.min(firstDelayMs * 2 ** (attempt - 1), maximumDelayMs);
  const milliseconds = most * (0.75 + Math.random() / 4);
  onRetry?.(error, Math.ceil(milliseconds / 1000));
  await delay(milliseconds, undefined, signal === undefined ? {} : { signal });
}

export function mayPass(error: unknown): error is DvmError {
  return error instanceof DvmError && ["unavailable", "deadline"].includes(error.code);
}

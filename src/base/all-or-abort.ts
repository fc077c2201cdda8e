/**
 * Runs `action` for all items at once and waits till all have ended. The first failure ends the
 * others by their signal, and is thrown.
 */
export async function allOrAbort<T, R>(
  items: readonly T[],
  signal: AbortSignal | undefined,
  action: (item: T, signal: AbortSignal, index: number) => Promise<R>,
): Promise<R[]> {
  const failed = new AbortController();
  const either = AbortSignal.any([failed.signal, ...(signal === undefined ? [] : [signal])]);
  let first: { error: unknown } | undefined;
  const results = await Promise.all(
    items.map(async (item, index) => {
      try {
        either.throwIfAborted();
        return [await action(item, either, index)];
      } catch (error) {
        first ??= { error };
        failed.abort();
        return [];
      }
    }),
  );
  if (first !== undefined) throw first.error;
  return results.flat(1) as R[];
}

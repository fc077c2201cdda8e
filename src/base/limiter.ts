/** Lets at most `most` actions, or as many as it says at the moment, run at once; the others wait for their turn, in their order. */
export function limiter(
  most: number | (() => number),
): <T>(action: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (action) => {
    const limit = typeof most === "number" ? most : most();
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await action();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}

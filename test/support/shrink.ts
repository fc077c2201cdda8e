import type { Stack } from "./random-stack.ts";

type Fails = (stacks: readonly Stack[]) => Promise<boolean>;

/** What is left of stacks that fail when whatever isn't needed for it is taken away, half by half. */
export async function shrink(stacks: readonly Stack[], fails: Fails): Promise<readonly Stack[]> {
  const left = await halve(stacks, async (some) => some.length > 0 && (await fails(some)));
  const [stack, more] = left;
  if (stack === undefined || more !== undefined) return left;
  const withLayers = (layers: Stack["layers"]) => [{ ...stack, layers }];
  let layers = stack.layers;
  for (const index of layers.keys()) {
    const withEntries = (entries: Stack["layers"][number]) =>
      withLayers(layers.map((one, at) => (at === index ? entries : one)));
    const entries = await halve(layers[index] ?? [], async (some) => fails(withEntries([...some])));
    layers = withEntries([...entries])[0]?.layers ?? layers;
  }
  return withLayers(layers);
}

/** Takes halves, then quarters … away while what is left fails. */
async function halve<T>(
  all: readonly T[],
  fails: (some: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let left = all;
  for (
    let size = Math.ceil(left.length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let at = 0; at < left.length;) {
      const without = [...left.slice(0, at), ...left.slice(at + size)];
      if (await fails(without)) left = without;
      else at += size;
    }
  }
  return left;
}

/** A stack in words, for the message of a test. */
export function describeStacks(stacks: readonly Stack[]): string {
  return stacks
    .flatMap(({ layers }) => layers.map((entries, index) => ({ entries, index })))
    .flatMap(({ entries, index }) =>
      entries.map((entry) => `  layer ${index}: ${JSON.stringify(entry, bytesAsLength)}`),
    )
    .join("\n");
}

function bytesAsLength(_key: string, value: unknown): unknown {
  const isBuffer =
    typeof value === "object" && value !== null && "type" in value && "data" in value;
  return isBuffer && Array.isArray(value.data) ? `${value.data.length} bytes` : value;
}

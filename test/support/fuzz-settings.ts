/**
 * How long and from which seed tests try random input: `DVM_FUZZ_SECONDS` makes them go on so long,
 * `DVM_FUZZ_SEED` begin elsewhere, as a failure's message says.
 */
export const fuzzSeconds = Number(process.env["DVM_FUZZ_SECONDS"] ?? 0);
export const fuzzSeed = Number(process.env["DVM_FUZZ_SEED"] ?? 1);

/** Seeds one after the other: `least` of them, and more until the time is over. */
export function* seeds(least: number): Generator<number> {
  const end = performance.now() + fuzzSeconds * 1000;
  for (let index = 0; index < least || performance.now() < end; index += 1) yield fuzzSeed + index;
}

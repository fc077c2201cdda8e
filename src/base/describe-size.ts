const decimalUnits = ["B", "kB", "MB", "GB", "TB", "PB"];
const binaryUnits = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** `4.43MB`: powers of 1000, as docker shows images. */
export function decimalSize(bytes: number, digits = 3): string {
  return withUnit(bytes, { base: 1000, units: decimalUnits, digits });
}

/** `7.656GiB`: powers of 1024, as docker shows memory. */
export function binarySize(bytes: number): string {
  return withUnit(bytes, { base: 1024, units: binaryUnits, digits: 4 });
}

function withUnit(
  bytes: number,
  { base, units, digits }: { base: number; units: readonly string[]; digits: number },
): string {
  let value = bytes;
  let unit = 0;
  while (value >= base && unit < units.length - 1) {
    value /= base;
    unit++;
  }
  return `${Number(value.toPrecision(digits))}${units[unit]}`;
}

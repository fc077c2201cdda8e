/** QEMU's option syntax doubles commas inside a value. */
export function escaped(value: string): string {
  return value.replaceAll(",", ",,");
}

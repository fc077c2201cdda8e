/** An address as it stands without the length of its network's prefix: `10.0.0.2` of `10.0.0.2/24`. */
export function withoutPrefix(address: string): string {
  return address.replace(/\/.*$/, "");
}

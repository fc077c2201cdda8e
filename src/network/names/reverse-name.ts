/** An address as a PTR query names it, in lower case and without the last dot. */
export function reverseName(address: string): string {
  if (!address.includes(":")) return `${address.split(".").reverse().join(".")}.in-addr.arpa`;
  return `${ipv6Digits(address).split("").reverse().join(".")}.ip6.arpa`;
}

/** All 32 hexadecimal digits of an IPv6 address. */
export function ipv6Digits(address: string): string {
  // an address of IPv4 at its end becomes two groups
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = "", tail] = plain.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeroes = Array.from({ length: 8 - left.length - right.length }, () => "0");
  return [...left, ...zeroes, ...right].map((group) => group.padStart(4, "0")).join("");
}
